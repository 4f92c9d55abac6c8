import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RestoreEntry } from "../../src/core/restore-journal.ts";
import { type Backups, hostileFiles, listingOf, openBackups } from "../backup-bed.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type EngineProxy, openEngineProxy } from "../bed/engine-proxy.ts";
import { publishImage, pullImage } from "../bed/images.ts";

let bed: Bed;
let docker: Docker;
let proxy: EngineProxy;
let image: string;
let backups: Backups;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true });
  docker = bed.engine.docker;
  proxy = await openEngineProxy(bed.engine.socketPath, join(bed.directory, "restore.sock"));
  const config = { Volumes: { "/anonymous": {} } };
  ({ reference: image } = await publishImage(bed.registry, { name: "app", tag: "1", version: "1", config }));
  await pullImage(docker, image);
  backups = await openBackups(bed, { host: proxy.host });
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  proxy.onRequest(undefined);
  proxy.onResponse(undefined);
  await removeAll();
});

async function removeAll(): Promise<void> {
  for (const { Id } of await docker.listContainers({ all: true })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Name } of (await docker.listVolumes()).Volumes) await docker.getVolume(Name).remove();
  for (const { Name, Id } of await docker.listNetworks()) if (Name === "lan") await docker.getNetwork(Id).remove();
}

/** A container with something of everything, in a network of its own. */
async function runWeb(): Promise<void> {
  await docker.createNetwork({
    Name: "lan",
    IPAM: { Config: [{ Subnet: "10.231.7.0/24" }] },
    Labels: { of: "me" },
  } as never);
  await runContainer(docker, "web", image, {
    Env: ["MINE=1"],
    Labels: { mine: "yes", "com.docker.compose.project": "home" },
    ExposedPorts: { "80/tcp": {} },
    HostConfig: {
      ...{ Binds: ["data:/data"], NetworkMode: "lan", RestartPolicy: { Name: "unless-stopped" } },
      PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "18380" }] },
    },
    NetworkingConfig: { EndpointsConfig: { lan: { IPAMConfig: { IPv4Address: "10.231.7.9" }, Aliases: ["www"] } } },
  });
}

/** Backs the container up; gives the name of the file. */
async function fileOf(container: string): Promise<string> {
  const { message, state } = await backups.backUp(container);
  expect(state).toBe("done");
  return /\S+\.tar\.zst/.exec(message)?.[0] ?? "";
}

/** As the engine describes a container, which lists its mounts in no order. */
async function shown(name: string): Promise<unknown> {
  const { Mounts, ...rest } = await docker.getContainer(name).inspect();
  return { ...rest, Mounts: Mounts.toSorted((a, b) => (a.Destination < b.Destination ? -1 : 1)) };
}

const containers = async () => (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names).sort();
const volumes = async () => (await docker.listVolumes()).Volumes.map(({ Name }) => Name).sort();
const networks = async () => (await docker.listNetworks()).map(({ Name }) => Name).sort();

async function all(): Promise<unknown> {
  return [await containers(), await volumes(), await networks(), await backups.journal()];
}

describe("a restore", () => {
  it("brings back a container of which nothing is left, not even its image", async () => {
    await runWeb();
    await runIn(docker, "web", "sh", "-c", `${hostileFiles}\necho kept > /anonymous/file`);
    const listing = await listingOf(docker, "web", "/data");
    const before = await docker.getContainer("web").inspect();
    const file = await fileOf("web");
    await removeAll();
    await docker.getImage(image).remove();

    const outcome = await backups.restore({ container: "web", file });

    expect(outcome).toEqual({ state: "done", message: `web was restored from ${file}.` });
    const after = await docker.getContainer("web").inspect();
    expect(after.State).toMatchObject({ Running: true });
    expect(after.Image).toBe(before.Image);
    expect(after.Config).toMatchObject({ Image: image, Labels: before.Config.Labels });
    expect(after.Config.Env).toContain("MINE=1");
    expect(after.HostConfig).toMatchObject({
      RestartPolicy: before.HostConfig.RestartPolicy,
      PortBindings: before.HostConfig.PortBindings,
    });
    expect(after.NetworkSettings.Networks["lan"]).toMatchObject({
      IPAddress: "10.231.7.9",
      Aliases: expect.arrayContaining(["www"]),
    });
    expect(await listingOf(docker, "web", "/data")).toBe(listing);
    expect(await runIn(docker, "web", "cat", "/anonymous/file")).toBe("kept");
    expect(await volumes()).toEqual(["data", expect.stringMatching(/^web-anonymous-\d{8}T\d{6}$/)]);
    expect((await docker.getNetwork("lan").inspect()).Labels).toMatchObject({ of: "me" });
    expect(await containers()).toEqual(["/web"]);
    expect(await backups.journal()).toEqual([]);
  });

  it("makes a copy beside the original, and touches nothing of that", async () => {
    await runWeb();
    await runIn(docker, "web", "sh", "-c", "echo old > /data/file");
    const file = await fileOf("web");
    await runIn(docker, "web", "sh", "-c", "echo new > /data/file");
    const before = await shown("web");

    const outcome = await backups.restore({ container: "copy", file, volumes: "new", ports: { "80/tcp": "18381" } });

    expect(outcome).toMatchObject({ state: "done" });
    expect(await runIn(docker, "copy", "cat", "/data/file")).toBe("old");
    expect(await runIn(docker, "web", "cat", "/data/file")).toBe("new");
    expect(await shown("web")).toEqual(before);
    const copy = await docker.getContainer("copy").inspect();
    expect(copy.State.Running).toBe(true);
    expect(copy.HostConfig.PortBindings).toEqual({ "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "18381" }] });
    expect(Object.keys(copy.Config.Labels).filter((label) => label.startsWith("com.docker.compose"))).toEqual([]);
  });

  it("says all that stands in its way, and changes nothing", async () => {
    await runWeb();
    const file = await fileOf("web");
    const before = await all();

    const outcome = await backups.restore({ container: "web", file, ports: { "81/tcp": "1" } });

    expect(outcome.state).toBe("rejected");
    expect(outcome.message).toContain("There is a container web already");
    expect(outcome.message).toContain("There is a volume of this name already, and nothing is written into it: data.");
    expect(outcome.message).toContain("publishes no port 81/tcp");
    expect(await all()).toEqual(before);
  });

  it.each<readonly [string, (call: { readonly method: string; readonly path: string }) => boolean]>([
    ["the data cannot be written", ({ method, path }) => method === "PUT" && path.includes("/archive")],
    [
      "the container cannot be created",
      ({ path }) => path.includes("gw-restore-") && path.startsWith("/containers/create"),
    ],
    ["the container cannot get its name", ({ path }) => path.includes("/rename")],
    ["a volume cannot be created", ({ method, path }) => method === "POST" && path.startsWith("/volumes/create")],
  ])("leaves nothing behind where %s", async (_, isRefused) => {
    await runWeb();
    const file = await fileOf("web");
    await removeAll();
    const before = await all();
    proxy.onRequest((call) => (isRefused(call) ? { status: 500, message: "no" } : "pass"));

    await expect(backups.restore({ container: "web", file })).rejects.toMatchObject({ code: "engine_failed" });

    expect(await all()).toEqual(before);
  });

  it("touches nothing where the file is damaged", async () => {
    await runWeb();
    const file = await fileOf("web");
    await removeAll();
    const before = await all();
    const path = join(backups.directory, file);
    const content = await readFile(path);
    content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
    await writeFile(path, content);

    await expect(backups.restore({ container: "web", file })).rejects.toMatchObject({ code: "backup_damaged" });
    expect(await all()).toEqual(before);
  });

  it("is undone, or seen to have ended, by who comes after a crash", async () => {
    await runWeb();
    const file = await fileOf("web");
    await removeAll();
    const before = await all();
    // Whoever dies does nothing more: no call comes through any more, and so nothing can be undone either.
    let isDead = false;
    proxy.onRequest(({ path }) => {
      isDead ||= path.includes("gw-restore-") && path.startsWith("/containers/create");
      return isDead ? "cut" : "pass";
    });
    await expect(backups.restore({ container: "web", file })).rejects.toMatchObject({ code: "engine_unreachable" });
    expect(await all()).not.toEqual(before);
    proxy.onRequest(undefined);

    expect(await backups.recover()).toMatchObject([{ command: "restore", container: "web", state: "failed" }]);

    expect(await all()).toEqual(before);
    await expect(backups.restore({ container: "web", file })).resolves.toMatchObject({ state: "done" });
  });

  it("keeps its data where its container was removed before a late recovery", async () => {
    await runWeb();
    const file = await fileOf("web");
    await removeAll();
    // Its note as it is while the container is being started: as if its end had never been noted.
    const noted = Promise.withResolvers<readonly unknown[]>();
    proxy.onRequest(({ path }) => {
      if (path.includes("/start")) noted.resolve(backups.journal());
      return "pass";
    });
    await backups.restore({ container: "web", file });
    const [entry] = (await noted.promise) as readonly [RestoreEntry];
    await backups.deps.restoreJournal.put(entry);
    await docker.getContainer("web").remove({ force: true });
    const before = [await volumes(), await networks()];

    expect(await backups.recover()).toMatchObject([{ command: "restore", container: "web", state: "done" }]);

    expect([await volumes(), await networks()]).toEqual(before);
    expect(await backups.journal()).toEqual([]);
  });

  it.each([1, 2])("is undone, though %i ids of others begin with the name whose place it takes", async (count) => {
    const heads: string[] = [];
    const name = (): string | undefined =>
      heads.find((head) => heads.filter((other) => other === head).length === count);
    while (name() === undefined) heads.push((await docker.createContainer({ Image: image })).id.slice(0, 2));
    const container = name() ?? "";
    await runContainer(docker, container, image, { HostConfig: { Binds: ["data:/data"] } });
    const file = await fileOf(container);
    let fills = 0;
    const isFill = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
      method === "PUT" && path.includes("/archive");
    proxy.onRequest((call) => (isFill(call) && fills++ === 0 ? { status: 500, message: "no" } : "pass"));

    const outcome = await backups.restore({ container, file, volumes: "replace" });

    expect(outcome.message).toContain("What was there before is there again");
    const { Name, State } = await docker.getContainer(container).inspect();
    expect([Name, State.Running]).toEqual([`/${container}`, true]);
    expect(await backups.journal()).toEqual([]);
  });
});
