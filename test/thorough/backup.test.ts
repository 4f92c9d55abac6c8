import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Backups, type BackupsOptions, contentOf, hostileFiles, listingOf, openBackups } from "../backup-bed.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type EngineProxy, openEngineProxy } from "../bed/engine-proxy.ts";
import { idle } from "../bed/image.ts";
import { loadImage } from "../bed/images.ts";
import { tarOf } from "../bed/tar.ts";
import { withFullDisk } from "../full-disk.ts";

let bed: Bed;
let docker: Docker;
let proxy: EngineProxy;
const image = "app:1";

beforeAll(async () => {
  bed = await openBed({ engine: true });
  docker = bed.engine.docker;
  proxy = await openEngineProxy(bed.engine.socketPath, join(bed.directory, "backup.sock"));
  // An image with a volume of its own: a helper made from it must not leave another one behind.
  await loadImage(docker, image, { version: "1", config: { Volumes: { "/anonymous": {} } } });
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  proxy.onRequest(undefined);
  proxy.onResponse(undefined);
  for (const { Id } of await docker.listContainers({ all: true }))
    await docker.getContainer(Id).remove({ force: true, v: true });
  const { Volumes } = await docker.listVolumes();
  for (const { Name } of Volumes) await docker.getVolume(Name).remove();
});

function run(name: string, volume: string, more: Docker.HostConfig = {}, Labels = {}): Promise<Docker.Container> {
  return runContainer(docker, name, image, { Labels, HostConfig: { Binds: [`${volume}:/data`], ...more } });
}

const stateOf = async (name: string) => (await docker.getContainer(name).inspect()).State;
const volumes = async () => (await docker.listVolumes()).Volumes.map(({ Name }) => Name).sort();
const containers = async () => (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names).sort();

/** Nothing but whole backups is left of it. */
async function expectTidy(backups: Backups, there: readonly string[]): Promise<void> {
  expect(await backups.journal()).toEqual([]);
  expect((await backups.files()).filter((file) => file.endsWith(".partial"))).toEqual([]);
  expect(await containers()).toEqual(there.map((name) => `/${name}`).sort());
}

const openProxied = (options: BackupsOptions = {}) => openBackups(bed, { host: proxy.host, ...options });

/** Makes something happen when the engine begins to give the data. */
function whenReading(act: () => Promise<unknown>, verdict: "pass" | "cut" = "pass"): void {
  proxy.onResponse(async ({ method, path }) => {
    if (method !== "GET" || !path.includes("/archive?")) return "pass";
    await act();
    return verdict;
  });
}

describe("a backup", () => {
  it("has everything that a volume holds, and the container runs again", async () => {
    await run("web", "data");
    await runIn(docker, "web", "sh", "-c", hostileFiles);
    const before = await listingOf(docker, "web", "/data");
    expect(before.split("\n").length).toBeGreaterThan(50);
    const volumesBefore = await volumes();
    const backups = await openBackups(bed);

    const outcome = await backups.backUp("web");

    expect(outcome).toMatchObject({
      state: "done",
      message: expect.stringMatching(/^web was backed up to web_.*\. It was stopped for \d+ s\.$/),
    });
    expect(await stateOf("web")).toMatchObject({ Running: true });
    await expectTidy(backups, ["web"]);
    expect(await volumes()).toEqual(volumesBefore);
    const [file = ""] = await backups.files();
    expect((await stat(join(backups.directory, file))).mode & 0o777).toBe(0o600);
    expect(backups.progress().at(-1)).toEqual({
      ...{ phase: "backing_up", percent: 99 },
      bytes: { done: expect.any(Number), total: expect.any(Number) },
    });

    const { plan, parts } = await contentOf(join(backups.directory, file));
    expect(plan).toMatchObject({ container: "web", state: "running", halted: ["web"], consistency: "stop" });
    expect(plan.volumes.map(({ name, anonymous, destinations }) => ({ name, anonymous, destinations }))).toContainEqual(
      {
        ...{ name: "data", anonymous: false, destinations: ["/data"] },
      },
    );
    expect(plan.volumes.filter(({ anonymous }) => anonymous)).toHaveLength(1);
    const { part = "" } = plan.volumes.find(({ name }) => name === "data") ?? {};
    const root = part.slice("volumes/".length, -".tar".length);
    const copy = await runContainer(docker, "copy", image, { HostConfig: { Binds: [`copy:/${root}`] } });
    await copy.putArchive(parts.get(part) ?? Buffer.alloc(0), { path: "/" });
    expect(await listingOf(docker, "copy", `/${root}`)).toBe(before);
  });

  it("stops all that write to the volume, and starts those and no others", async () => {
    const target = await run("web", "data", { RestartPolicy: { Name: "always" } });
    await run("writer", "data");
    await run("reader", "", { Binds: ["data:/data:ro"] });
    await run("stopped", "data");
    await docker.getContainer("stopped").stop();
    await runContainer(docker, "child", image, { HostConfig: { NetworkMode: `container:${target.id}` } });
    const before = Object.fromEntries(
      await Promise.all(
        ["web", "writer", "reader", "stopped", "child"].map(
          async (name) => [name, (await stateOf(name)).StartedAt] as const,
        ),
      ),
    );
    const backups = await openProxied();
    const during: Record<string, boolean> = {};
    whenReading(async () => {
      for (const name of Object.keys(before)) during[name] = (await stateOf(name)).Running;
    });

    await backups.backUp("web");

    expect(during).toEqual({ web: false, writer: false, reader: true, stopped: false, child: false });
    for (const name of ["web", "writer", "reader", "child"])
      expect(await stateOf(name)).toMatchObject({ Running: true });
    expect((await stateOf("reader")).StartedAt).toBe(before["reader"]);
    expect((await stateOf("stopped")).Running).toBe(false);
    expect((await docker.getContainer("web").inspect()).HostConfig.RestartPolicy?.Name).toBe("always");
    // It is in the network that its parent has now.
    expect(await runIn(docker, "child", "hostname")).toBe(await runIn(docker, "web", "hostname"));
    expect(await runIn(docker, "child", "cat", "/proc/net/dev")).toContain("eth0");
    await expectTidy(backups, Object.keys(before));
  });

  it.each(["pause", "live"] as const)("leaves what runs running where a label says %s", async (consistency) => {
    await run("web", "data", {}, { "gangway.backup.consistency": consistency });
    const { StartedAt } = await stateOf("web");
    const backups = await openProxied();
    let paused: boolean | undefined;
    whenReading(async () => {
      paused = (await stateOf("web")).Paused;
    });

    await expect(backups.backUp("web")).resolves.toMatchObject({ state: "done" });

    expect(paused).toBe(consistency === "pause");
    expect(await stateOf("web")).toMatchObject({ Running: true, Paused: false, StartedAt });
    const [file = ""] = await backups.files();
    const { plan } = await contentOf(join(backups.directory, file));
    expect(plan.warnings.join()).toMatch(consistency === "live" ? /web went on while the data was read/ : /^$/);
  });

  it("leaves nothing behind when the engine breaks off, and the container runs", async () => {
    await run("web", "data");
    const backups = await openProxied();
    whenReading(() => Promise.resolve(), "cut");

    await expect(backups.backUp("web")).rejects.toMatchObject({ code: "engine_unreachable" });

    expect(await stateOf("web")).toMatchObject({ Running: true });
    expect(await backups.files()).toEqual([]);
    await expectTidy(backups, ["web"]);
  });

  it("ends at once when Gangway ends, and the container runs", async () => {
    await run("web", "data");
    const backups = await openProxied();
    const ending = new AbortController();
    whenReading(() => Promise.resolve(ending.abort()));

    await expect(backups.backUp("web", ending.signal)).rejects.toMatchObject({ code: "aborted" });

    expect(await stateOf("web")).toMatchObject({ Running: true });
    expect(await backups.files()).toEqual([]);
    await expectTidy(backups, ["web"]);
  });

  it("is none where somebody starts the container meanwhile", async () => {
    const container = await run("web", "data");
    const backups = await openProxied();
    whenReading(() => container.start().catch(() => {}));

    await expect(backups.backUp("web")).rejects.toMatchObject({
      code: "backup_failed",
      message: expect.stringContaining("somebody started web"),
    });

    expect(await backups.files()).toEqual([]);
    await expectTidy(backups, ["web"]);
  });

  it("does not begin where the disk is too small, and leaves nothing where it fills up", async () => {
    const container = await run("web", "data");
    await container.putArchive(tarOf([{ path: "noise", content: randomBytes(2 * 2 ** 20) }]), { path: "/data" });
    const directory = join(bed.directory, "small");
    await using _ = await withFullDisk(directory);
    const backups = await openProxied({ directory });
    const { StartedAt } = await stateOf("web");

    await expect(backups.backUp("web")).rejects.toMatchObject({
      message: expect.stringMatching(/The volumes of web hold 2\.\d MB, and only \d+ kB are free/),
    });
    expect(await stateOf("web")).toMatchObject({ Running: true, StartedAt });

    // An engine, or a proxy before it, that does not tell sizes.
    proxy.onRequest(({ path }) => (path.startsWith("/system/df") ? { status: 403, message: "no" } : "pass"));
    await expect(backups.backUp("web")).rejects.toMatchObject({
      code: "file_failed",
      message: expect.stringContaining("no space left"),
    });
    expect(await stateOf("web")).toMatchObject({ Running: true });
    expect(await backups.files()).toEqual([]);
    await expectTidy(backups, ["web"]);
  });

  it("takes the place of the oldest where there are enough", async () => {
    await docker.createContainer({ name: "web", Image: image });
    const backups = await openBackups(bed, { retention: { keep: 2 }, compression: "none" });

    const files: string[] = [];
    for (let count = 0; count < 3; count++) {
      const { message } = await backups.backUp("web");
      files.push(/web_\S+\.tar/.exec(message)?.[0] ?? "");
    }

    expect((await backups.files()).toSorted()).toEqual(files.slice(1).sort());
  });

  it("is refused where a stop would be the end of the container", async () => {
    await runContainer(docker, "web", image, { Cmd: idle, HostConfig: { AutoRemove: true, Binds: ["data:/data"] } });
    const backups = await openBackups(bed);

    await expect(backups.backUp("web")).resolves.toMatchObject({
      state: "rejected",
      message: expect.stringContaining("--rm"),
    });
    expect(await stateOf("web")).toMatchObject({ Running: true });
  });
});
