import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Disk } from "../src/core/disk.ts";
import type { Outcome } from "../src/core/operation.ts";
import type { Engine } from "../src/core/ports.ts";
import type { PruneWish } from "../src/core/prune/prune.ts";
import { openEngine } from "../src/docker/engine.ts";
import { createLog, createSecrets } from "../src/lib/log.ts";
import { prune } from "../src/operations/prune.ts";
import { type Bed, openBed } from "./bed/bed.ts";
import { runContainer } from "./bed/containers.ts";
import type { EngineOptions } from "./bed/engine.ts";
import { loadImage } from "./bed/images.ts";

const signal = new AbortController().signal;
const log = createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() });
const day = 86_400_000;
/** No operation has been left undone. */
const none = { all: () => Promise.resolve([]) };

const namesIn = (outcome: Outcome): readonly string[] => (outcome.prune?.removed ?? []).map(({ name }) => name).sort();

/** What a prune does on an engine of one kind. */
export function describePrune(options: EngineOptions | true): void {
  let bed: Bed;
  let engine: Engine & Disk;
  beforeAll(async () => {
    bed = await openBed({ engine: options });
    engine = openEngine({ host: bed.engine.host });
    await engine.identify(signal);
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    const { docker } = bed.engine;
    for (const { Id } of await docker.listContainers({ all: true })) {
      await docker.getContainer(Id).remove({ force: true, v: true });
    }
    await docker.pruneImages({ filters: { dangling: { false: true } } });
    for (const { Name } of (await docker.listVolumes()).Volumes) await docker.getVolume(Name).remove();
    await docker.pruneNetworks();
  });

  /** Prunes a day later: nothing was made a moment ago. */
  function pruneOnBed(
    wish: PruneWish & { readonly dryRun?: true },
    more: { readonly keep?: readonly string[]; readonly engine?: Engine & Disk; readonly signal?: AbortSignal } = {},
  ): Promise<Outcome> {
    const deps = {
      ...{
        engine: more.engine ?? engine,
        journal: none,
        backupJournal: none,
        restoreJournal: none,
        ownContainerId: undefined,
        log,
      },
      ...{ keep: more.keep ?? [], clock: { now: () => Date.now() + day } },
    };
    return prune(deps, { kind: "prune", ...wish }, more.signal ?? signal);
  }

  const layerBytes = async (): Promise<number> => (await engine.usage(["image"], signal)).layerBytes ?? -1;
  const tagsThere = async (): Promise<readonly string[]> =>
    (await engine.storedImages(signal)).flatMap(({ tags }) => tags).sort();

  describe("a prune of images", () => {
    it("takes what nobody needs with all its tags, and tells the bytes that the engine got back", async () => {
      const { docker } = bed.engine;
      const used = await loadImage(docker, "app:1", { version: "used" });
      const old = await loadImage(docker, "app:old", { version: "old" });
      await docker.getImage(old).tag({ repo: "elsewhere/app", tag: "old" });
      await docker.getImage(old).tag({ repo: "app", tag: "older" });
      await loadImage(docker, "kept:1", { version: "kept" });
      await loadImage(docker, "gangway/keep/web:20260101-000000", { version: "previous" });
      await docker.createContainer({ name: "web", Image: used });
      const before = await layerBytes();

      const preview = await pruneOnBed({ what: "images", all: true, dryRun: true }, { keep: ["kept"] });
      expect(await tagsThere()).toHaveLength(6);
      const outcome = await pruneOnBed({ what: "images", all: true }, { keep: ["kept"] });

      expect(namesIn(preview)).toEqual(namesIn(outcome));
      expect(namesIn(outcome)).toHaveLength(1);
      expect(await tagsThere()).toEqual(["app:1", "gangway/keep/web:20260101-000000", "kept:1"]);
      expect(outcome.state).toBe("done");
      expect(outcome.prune?.reclaimedBytes).toBe(before - (await layerBytes()));
      expect(outcome.prune?.reclaimedBytes).toBeGreaterThan(0);
      expect(outcome.message).toContain("kept 2: ");
    });

    it("leaves to the engine what has come into use since, with all its tags", async () => {
      const { docker } = bed.engine;
      const id = await loadImage(docker, "app:1", { version: "1" });
      await docker.getImage(id).tag({ repo: "app", tag: "2" });
      let tries = 0;
      const racing: Engine & Disk = {
        ...engine,
        removeImage: async (name, limit) => {
          tries += 1;
          if (tries === 1) await docker.createContainer({ name: "web", Image: id });
          await engine.removeImage(name, limit);
        },
      };

      const outcome = await pruneOnBed({ what: "images", all: true }, { engine: racing });

      expect(outcome).toMatchObject({ state: "unchanged", prune: { removed: [], kept: [{ verdict: "keep" }] } });
      expect(outcome.message).toMatch(/kept 1: app:[12], app:[12] \(.*web|.*container/);
      expect(await tagsThere()).toEqual(["app:1", "app:2"]);
    });
  });

  describe("a prune of containers, volumes and networks", () => {
    it("never takes what a stopped container needs to start again", async () => {
      const { docker } = bed.engine;
      const image = await loadImage(docker, "app:1", { version: "1" });
      await docker.createNetwork({ Name: "lan" });
      await docker.createNetwork({ Name: "empty" });
      await docker.createVolume({ Name: "spare" });
      const volumes = { Mounts: [{ Type: "volume" as const, Source: "data", Target: "/data" }], NetworkMode: "lan" };
      const web = await runContainer(docker, "web", image, { HostConfig: volumes, Volumes: { "/cache": {} } });
      await web.stop({ t: 0 });
      const gone = await docker.createContainer({ name: "gone", Image: image, Volumes: { "/left": {} } });
      const [left] = (await gone.inspect()).Mounts;
      await gone.remove();

      expect(namesIn(await pruneOnBed({ what: "networks" }))).toEqual(["empty"]);
      expect(namesIn(await pruneOnBed({ what: "volumes" }))).toEqual([left?.Name]);
      expect(namesIn(await pruneOnBed({ what: "volumes", all: true }))).toEqual(["spare"]);
      expect(namesIn(await pruneOnBed({ what: "images", all: true }))).toEqual([]);
      await web.start();

      expect(await pruneOnBed({ what: "containers" })).toMatchObject({ state: "unchanged", prune: { removed: [] } });
      await web.stop({ t: 0 });
      expect(namesIn(await pruneOnBed({ what: "containers" }))).toEqual(["web"]);
      expect((await engine.volumes(signal)).map(({ name }) => name)).toContain("data");
    });

    it("keeps what the engine refuses, and goes on with the rest", async () => {
      const { docker } = bed.engine;
      const image = await loadImage(docker, "app:1", { version: "1" });
      for (const Name of ["a", "b", "c"]) await docker.createNetwork({ Name });
      const racing: Engine & Disk = {
        ...engine,
        removeNetwork: async (id, limit) => {
          const isB = (await engine.networks(limit)).some((network) => network.id === id && network.name === "b");
          if (isB) await runContainer(docker, "web", image, { HostConfig: { NetworkMode: "b" } });
          await engine.removeNetwork(id, limit);
        },
      };

      const outcome = await pruneOnBed({ what: "networks" }, { engine: racing });

      expect(namesIn(outcome)).toEqual(["a", "c"]);
      expect(outcome.message).toMatch(/^Removed 2 networks; kept 1: b \(.*active endpoints/);
    });

    it("killed between two removals leaves a right state, in which the rest can be pruned", async () => {
      const { docker } = bed.engine;
      const image = await loadImage(docker, "app:1", { version: "1" });
      for (const name of ["v1", "v2", "v3", "v4"]) await docker.createVolume({ Name: name });
      await docker.createContainer({
        name: "web",
        Image: image,
        HostConfig: { Mounts: [{ Type: "volume", Source: "used", Target: "/data" }] },
      });
      // It never comes back from its third call: as far as the engine can tell, it is dead.
      const dead = Promise.withResolvers<void>();
      let calls = 0;
      const dying: Engine & Disk = {
        ...engine,
        removeVolume: async (name, limit) => {
          calls += 1;
          if (calls === 3) {
            dead.resolve();
            await new Promise(() => {});
          }
          await engine.removeVolume(name, limit);
        },
      };
      void pruneOnBed({ what: "volumes", all: true }, { engine: dying });
      await dead.promise;
      expect(await engine.volumes(signal)).toHaveLength(3);

      expect((await pruneOnBed({ what: "volumes", all: true })).prune?.removed).toHaveLength(2);
      expect((await engine.volumes(signal)).map(({ name }) => name)).toEqual(["used"]);
    });

    it("asked to stop in between says what it has done", async () => {
      const { docker } = bed.engine;
      for (const name of ["v1", "v2", "v3"]) await docker.createVolume({ Name: name });
      const stopping = new AbortController();
      const stopped: Engine & Disk = {
        ...engine,
        removeVolume: async (name, limit) => {
          await engine.removeVolume(name, limit);
          stopping.abort();
        },
      };

      const outcome = await pruneOnBed({ what: "volumes", all: true }, { engine: stopped, signal: stopping.signal });

      expect(outcome).toMatchObject({
        state: "cancelled",
        message: expect.stringMatching(/^Removed 1 volume, .* shutting/),
      });
      expect(await engine.volumes(signal)).toHaveLength(2);
    });
  });

  describe("the disk's figures", () => {
    it("are the engine's", async () => {
      const { docker } = bed.engine;
      await loadImage(docker, "app:1", { version: "1" });
      await docker.createVolume({ Name: "data" });
      const usage = await engine.usage(["image", "volume", "container", "build-cache"], signal);

      expect(usage.layerBytes).toBeGreaterThan(0);
      expect(usage.images).toMatchObject([{ isUsed: false, uniqueBytes: expect.any(Number) }]);
      expect(usage.volumes).toEqual([{ id: "data", bytes: 0, isUsed: false }]);
      expect(await pruneOnBed({ what: "build_cache", all: true })).toMatchObject({
        state: "unchanged",
        prune: { what: "build_cache", reclaimedBytes: 0 },
      });
    });
  });
}
