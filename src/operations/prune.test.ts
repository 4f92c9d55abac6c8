import { describe, expect, it } from "vitest";
import { image, imageIdOf, now } from "../../test/prune-things.ts";
import type { PruneWish } from "../core/prune/prune.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import { type PruneDependencies, prune } from "./prune.ts";

const { signal } = new AbortController();
const log = createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() });
const none = { all: () => Promise.resolve([]) };

/** An engine with two images and no container, that tells how long ago each got its tag, or was pulled; `asked` counts. */
function engineWith(taggedAgoMs: Readonly<Record<string, number>>, pulledAgoMs: Readonly<Record<string, number>> = {}) {
  const asked: string[] = [];
  const digests = ["app@sha256:1"];
  const images = [image("pinned", [], { createdMs: 0, digests }), image("tagged", ["app:1"], { createdMs: 0 })];
  const times = new Map(Object.entries(taggedAgoMs).map(([name, ms]) => [imageIdOf(name), now - ms]));
  const engine = {
    storedImages: () => Promise.resolve(images),
    list: () => Promise.resolve([]),
    pulls: () => Promise.resolve(new Map(Object.entries(pulledAgoMs).map(([name, ms]) => [name, now - ms]))),
    usage: () => Promise.resolve({ layerBytes: null, images: [], containers: [], volumes: [], buildCache: [] }),
    inspectImage: (id: string) => {
      asked.push(id);
      const LastTagTime = new Date(times.get(id) ?? Date.parse("0001-01-01T00:00:00Z")).toISOString();
      return Promise.resolve({ Id: id, RepoTags: [], RepoDigests: [], Metadata: { LastTagTime } });
    },
  } as unknown as PruneDependencies["engine"];
  const deps: PruneDependencies = {
    ...{ engine, journal: none, backupJournal: none, restoreJournal: none, ownContainerId: undefined },
    ...{ keep: [], clock: { now: () => now }, log },
  };
  return { deps, asked };
}

const minute = 60_000;

describe("a prune of images", () => {
  it("leaves alone what was pulled a moment ago, however old it is itself and whatever was asked for", async () => {
    const { deps } = engineWith({ pinned: minute / 6, tagged: minute / 6 });

    const wishes: readonly Omit<PruneWish, "what">[] = [{}, { all: true }, { all: true, olderThanMs: 1 }];
    for (const wish of wishes) {
      const { prune: report } = await prune(deps, { kind: "prune", what: "images", dryRun: true, ...wish }, signal);
      expect(report?.removed).toEqual([]);
      expect(report?.kept.at(-1)?.reason).toContain("within the last five minutes");
    }
  });

  it("leaves alone what the engine's events tell to be pulled a moment ago, by a tag or by its digest", async () => {
    const { deps } = engineWith({}, { "app:1": minute, "app@sha256:1": minute, "other:1": minute });
    const outcome = await prune(deps, { kind: "prune", what: "images", all: true, dryRun: true }, signal);
    expect(outcome.prune?.removed).toEqual([]);

    const { deps: later } = engineWith({}, { "app:1": 6 * minute, "app@sha256:1": minute });
    const { prune: report } = await prune(later, { kind: "prune", what: "images", all: true, dryRun: true }, signal);
    expect(report?.removed.map(({ id }) => id)).toEqual([imageIdOf("tagged")]);
  });

  it("takes what was pulled before that, and asks only about what it would take", async () => {
    const { deps, asked } = engineWith({ pinned: 6 * minute, tagged: minute });

    const { prune: report } = await prune(deps, { kind: "prune", what: "images", dryRun: true }, signal);

    expect(report?.removed.map(({ id }) => id)).toEqual([imageIdOf("pinned")]);
    expect(asked).toEqual([imageIdOf("pinned")]);
  });
});
