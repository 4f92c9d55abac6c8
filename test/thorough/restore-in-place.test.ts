import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Backups, contentOf, listingOf, openBackups } from "../backup-bed.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type EngineCall, type EngineProxy, openEngineProxy, type Verdict } from "../bed/engine-proxy.ts";
import { loadImage } from "../bed/images.ts";

const image = "app:1";
let bed: Bed;
let docker: Docker;
let proxy: EngineProxy;
let backups: Backups;

beforeAll(async () => {
  bed = await openBed({ engine: true });
  docker = bed.engine.docker;
  proxy = await openEngineProxy(bed.engine.socketPath, join(bed.directory, "in-place.sock"));
  await loadImage(docker, image, { version: "1", config: { Volumes: { "/anonymous": {} } } });
  await loadImage(docker, "app:2", { version: "2" });
  backups = await openBackups(bed, { host: proxy.host });
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  proxy.onRequest(undefined);
  await removeAll();
});

async function removeAll(): Promise<void> {
  for (const { Id } of await docker.listContainers({ all: true })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Name } of (await docker.listVolumes()).Volumes) await docker.getVolume(Name).remove();
}

const yesterday = `cd /data; echo yesterday > file; mkdir dir; echo > dir/owned; chown 70000:999 dir/owned
chmod 0640 dir/owned; chown 999:998 .; chmod 2750 .; echo yesterday > /anonymous/file`;
const today = `cd /data; echo today > file; rm -r dir; echo > extra; chmod 0700 .; echo today > /anonymous/file; echo > /layer`;

/** Yesterday's backup of a container that is another one by now; gives the file. */
async function runWeb(): Promise<string> {
  await runContainer(docker, "web", image, { Env: ["DAY=yesterday"], HostConfig: { Binds: ["data:/data"] } });
  await runIn(docker, "web", "sh", "-c", yesterday);
  const file = fileIn((await backups.backUp("web")).message);
  const anonymous = (await docker.getContainer("web").inspect()).Mounts.find(
    ({ Destination }) => Destination === "/anonymous",
  )?.Name;
  await docker.getContainer("web").remove({ force: true });
  const HostConfig = { Binds: ["data:/data", `${anonymous}:/anonymous`, "more:/more"] };
  await runContainer(docker, "web", image, { Env: ["DAY=today"], HostConfig });
  await runIn(docker, "web", "sh", "-c", today);
  return file;
}

function fileIn(message: string): string {
  return /\S+\.tar\.zst/.exec(message)?.[0] ?? "";
}

const listing = async (): Promise<string> =>
  `${await listingOf(docker, "web", "/data")}\n${await runIn(docker, "web", "cat", "/anonymous/file")}`;
const containers = async () => (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names).sort();
const volumes = async () => (await docker.listVolumes()).Volumes.map(({ Name }) => Name).sort();

async function state(): Promise<unknown> {
  const { Id, State } = await docker.getContainer("web").inspect();
  return [Id, State.Running, await containers(), await volumes(), await listing(), await backups.journal()];
}

const isFill = ({ method, path }: EngineCall): boolean => method === "PUT" && path.includes("/archive");

describe("a restore in the place of what is there", () => {
  it("gives yesterday's container and data, and today's back from the file that it names", async () => {
    const file = await runWeb();
    const before = await listing();
    const { Id } = await docker.getContainer("web").inspect();

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome).toMatchObject({
      state: "done",
      message: expect.stringContaining("What was there before is in web_"),
    });
    const restored = await docker.getContainer("web").inspect();
    expect(restored.Id).not.toBe(Id);
    expect(restored.State.Running).toBe(true);
    expect(restored.Config.Env).toContain("DAY=yesterday");
    expect(await runIn(docker, "web", "sh", "-c", "cd /data; cat file /anonymous/file; ls -A /data")).toBe(
      "yesterday\nyesterday\ndir\nfile",
    );
    expect(await runIn(docker, "web", "busybox", "stat", "-c", "%a %u:%g", "/data", "/data/dir/owned")).toBe(
      "2750 999:998\n640 70000:999",
    );
    expect(await containers()).toEqual(["/web"]);
    expect(await backups.journal()).toEqual([]);

    const safety = outcome.backup ?? "";
    const back = await backups.restore({ container: "web", file: safety, volumes: "replace" });

    expect(back).toMatchObject({ state: "done" });
    expect((await docker.getContainer("web").inspect()).Config.Env).toContain("DAY=today");
    expect(await listing()).toBe(before);
  });

  it("is refused where somebody else needs what would go, and changes nothing", async () => {
    const file = await runWeb();
    await docker.createContainer({ name: "idle", Image: image, HostConfig: { Binds: ["data:/data:ro"] } });
    await runContainer(docker, "sidecar", image, { HostConfig: { NetworkMode: "container:web" } });
    const before = await state();

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome.state).toBe("rejected");
    expect(outcome.message).toContain("sidecar cannot run without web");
    expect(outcome.message).toContain("data (idle)");
    expect(await state()).toEqual(before);
  });

  it("is refused while an earlier one of the same container is not finished, and changes nothing", async () => {
    const file = await runWeb();
    const { restoreJournal, node } = backups.deps;
    const earlier = { operation: "0000beef", id: "earlier", node, container: "web", file, startedAt: "" };
    await restoreJournal.put({ schema: 1, kind: "restore", ...earlier, volumes: ["data"], networks: [] });
    const before = await state();

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome).toMatchObject({ state: "rejected", message: expect.stringContaining("earlier restore of web") });
    expect(await state()).toEqual(before);
    await restoreJournal.remove(earlier.operation);
  });

  it("lets the container that is there run again where it cannot be removed", async () => {
    const file = await runWeb();
    const before = await state();
    const { Id } = await docker.getContainer("web").inspect();
    const isIt = ({ method, path }: EngineCall): boolean => method === "DELETE" && path.includes(Id);
    proxy.onRequest((call) => (isIt(call) ? { status: 500, message: "no" } : "pass"));

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome).toMatchObject({ state: "failed", message: expect.stringContaining("Nothing was removed") });
    expect(await state()).toEqual(before);
  });

  const isStart = ({ method, path }: EngineCall): boolean => method === "POST" && path.endsWith("/start");
  const isRename = ({ path }: EngineCall): boolean => path.includes("/rename?name=web");
  it.each<
    readonly [string, (call: EngineCall, id: string) => boolean, "onRequest" | "onResponse", Verdict, readonly string[]]
  >([
    [
      "what was there does not run again",
      ({ method, path }, id) => method === "DELETE" && path.includes(id),
      ...(["onRequest", { status: 500, message: "no" }] as const),
      ["Nothing was removed, but web is not as it was yet", "Gangway goes on trying", "What was there before is in"],
    ],
    [
      "the new one has its name though it was said to fail",
      isRename,
      ...(["onResponse", { status: 500, message: "no" }] as const),
      ["web was restored from", "It could not be started, and is left as it is"],
    ],
    [
      "the new one may be started later",
      () => false,
      ...(["onRequest", "cut"] as const),
      ["web was restored from", "It could not be started yet", "Gangway goes on trying"],
    ],
  ])("says what is there where %s", async (_, isIt, hook, verdict, texts) => {
    const file = await runWeb();
    const starting: Verdict = verdict === "cut" ? "cut" : { status: 500, message: "no start" };
    const { Id } = await docker.getContainer("web").inspect();
    proxy.onResponse((call) => (hook === "onResponse" && isIt(call, Id) ? verdict : "pass"));
    proxy.onRequest((call) => {
      if (hook === "onRequest" && isIt(call, Id)) return verdict;
      return isStart(call) ? starting : "pass";
    });

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });
    proxy.onRequest(undefined);
    proxy.onResponse(undefined);

    expect(outcome.state).toBe("failed");
    for (const text of texts) expect(outcome.message).toContain(text);
    await backups.recover();
    expect(await backups.journal()).toEqual([]);
  });

  it.each<readonly [string, () => Promise<unknown>, string]>([
    ["starts it", () => docker.getContainer("web").start(), "started web"],
    [
      "gives a volume to another",
      () => docker.createContainer({ name: "idle", Image: image, HostConfig: { Binds: ["data:/data:ro"] } }),
      "data (idle)",
    ],
  ])("removes nothing where somebody %s while today's data is read", async (_, act, cause) => {
    const file = await runWeb();
    const { Id } = await docker.getContainer("web").inspect();
    let hasActed = false;
    proxy.onRequest(async ({ method, path }): Promise<Verdict> => {
      if (method === "GET" && path.includes("/archive") && !hasActed) {
        hasActed = true;
        await act();
      }
      return "pass";
    });

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome).toMatchObject({ state: "failed", message: expect.stringContaining(cause) });
    const { Id: now, State } = await docker.getContainer("web").inspect();
    expect([now, State.Running, await backups.journal()]).toEqual([Id, true, []]);
    expect(await runIn(docker, "web", "cat", "/data/file", "/anonymous/file")).toBe("today\ntoday");
  });

  it("brings back today's container and data where yesterday's cannot be written, with the image that it had", async () => {
    const file = await runWeb();
    const before = await listing();
    const kept = await volumes();
    const { Image } = await docker.getContainer("web").inspect();
    await docker.getImage("app:2").tag({ repo: "app", tag: "1" });
    const other = (await docker.getImage(image).inspect()).Id;
    let fills = 0;
    proxy.onRequest((call) => (isFill(call) && ++fills === 2 ? { status: 500, message: "no" } : "pass"));

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });
    proxy.onRequest(undefined);

    expect(outcome.state).toBe("failed");
    expect(outcome.message).toMatch(/What was there before is there again, from web_\S+\.tar\.zst\.$/);
    const back = await docker.getContainer("web").inspect();
    expect(back).toMatchObject({ Image, State: { Running: true }, Config: { Image: image } });
    expect(back.Config.Env).toContain("DAY=today");
    expect(await listing()).toBe(before);
    expect([await containers(), await volumes(), await backups.journal()]).toEqual([["/web"], kept, []]);
    expect((await docker.getImage(image).inspect()).Id).toBe(other);
    await docker.getImage(Image).tag({ repo: "app", tag: "1" });
  });

  it("brings back all data of a volume of which the engine had removed only some when it failed", async () => {
    const file = await runWeb();
    const before = await listing();
    const kept = await volumes();
    let removals = 0;
    proxy.onRequest(async ({ method, path }): Promise<Verdict> => {
      if (method !== "DELETE" || !path.endsWith("/volumes/data") || ++removals > 1) return "pass";
      await runContainer(docker, "engine", image, { HostConfig: { Binds: ["data:/data"] } });
      await runIn(docker, "engine", "rm", "/data/file");
      await docker.getContainer("engine").remove({ force: true, v: true });
      return { status: 500, message: "no" };
    });

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome).toMatchObject({ state: "failed", message: expect.stringMatching(/there again, from \S+\.zst\.$/) });
    expect(await listing()).toBe(before);
    expect([await containers(), await volumes(), await backups.journal()]).toEqual([["/web"], kept, []]);
  });

  it("keeps, and brings back, the data of a volume that today's container does not have", async () => {
    const file = await runWeb();
    await docker.getContainer("web").remove({ force: true });
    await runContainer(docker, "web", image, { HostConfig: { Binds: ["more:/more"] } });
    await runIn(docker, "web", "sh", "-c", "echo today > /more/file");
    let fills = 0;
    proxy.onRequest((call) => (isFill(call) && ++fills === 1 ? { status: 500, message: "no" } : "pass"));

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome).toMatchObject({ state: "failed", message: expect.stringContaining("is there again") });
    expect(await runIn(docker, "web", "cat", "/more/file")).toBe("today");
    await runContainer(docker, "reader", image, { HostConfig: { Binds: ["data:/data:ro"] } });
    expect(await runIn(docker, "reader", "cat", "/data/file")).toBe("today");
    const { parts } = await contentOf(join(backups.directory, outcome.backup ?? ""));
    expect(String(parts.get("volumes/v2.tar"))).toContain("today");
  });

  it("keeps the data of volumes that no container has any more", async () => {
    const file = await runWeb();
    await docker.getContainer("web").remove({ force: true });

    const outcome = await backups.restore({ container: "web", file, volumes: "replace" });

    expect(outcome).toMatchObject({ state: "done" });
    expect(await runIn(docker, "web", "cat", "/data/file")).toBe("yesterday");
    const safety = outcome.backup ?? "";
    const { plan, parts } = await contentOf(join(backups.directory, safety));
    expect(plan).toMatchObject({ container: "web", volumes: [{ name: "data" }] });
    expect(String(parts.get("volumes/v0.tar"))).toContain("today");
  });
});
