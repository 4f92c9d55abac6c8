import { describe, expect, it } from "vitest";
import { backup, container, idOf, restore } from "../../test/prune-things.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { JournalEntry } from "../core/journal.ts";
import { GangwayError } from "../lib/errors.ts";
import { createLocks } from "../lib/locks.ts";
import { createDeletions, type DeletionsDependencies } from "./deletions.ts";
import { engineLock } from "./runner.ts";

const { signal } = new AbortController();
const none = { all: () => Promise.resolve([]) };
const noted = { all: () => Promise.resolve([{ container: "web" } as unknown as JournalEntry]) };
const pending = { pending: () => [{ id: "1" }] } as unknown as DeletionsDependencies["operations"];

/** Deletions on an engine with these containers; `removed` is what was asked of it. */
function deletionsWith(containers: readonly ContainerInspect[] = [], more: Partial<DeletionsDependencies> = {}) {
  const removed: string[] = [];
  const remove = (what: string): Promise<void> => {
    removed.push(what);
    const isUsed = containers.some(({ Mounts }) => Mounts.some(({ Name }) => Name === what && what === "shared"));
    return isUsed ? Promise.reject(new GangwayError("engine_conflict", "in use")) : Promise.resolve();
  };
  const engine = {
    list: () => Promise.resolve(containers.map(({ Id }) => ({ id: Id }))),
    inspect: (id: string) => Promise.resolve(containers.find(({ Id }) => Id === id)),
    ...{ remove, removeImage: remove, removeVolume: remove, removeNetwork: remove },
  } as unknown as DeletionsDependencies["engine"];
  const locks = createLocks();
  const deletions = createDeletions({
    ...{ engine, locks, operations: { pending: () => [] }, ownContainerId: undefined },
    ...{ journal: none, backupJournal: none, restoreJournal: none, ...more },
  });
  return { deletions, removed, locks };
}

const web = container("web", { networks: { lan: { NetworkID: idOf("lan") } }, volumes: ["shared"] });

describe("a deletion", () => {
  it("removes what is named, with those volumes that nothing else has", async () => {
    const { deletions, removed } = deletionsWith([web]);

    expect(await deletions.container(web.Id, ["own", "shared"], signal)).toEqual({ kind: "deleted", volumes: ["own"] });
    await deletions.volume("data", signal);
    await deletions.image("sha256:1", signal);
    await deletions.network({ id: idOf("spare"), name: "spare" }, signal);

    expect(removed).toEqual([web.Id, "own", "shared", "data", "sha256:1", idOf("spare")]);
  });

  it.each<readonly [string, Partial<DeletionsDependencies>]>([
    ["waits or runs", { operations: pending }],
    ["was interrupted, or handed over", { journal: noted }],
    ["has containers stopped for a backup", { backupJournal: { all: () => Promise.resolve([backup]) } }],
    ["restores something", { restoreJournal: { all: () => Promise.resolve([restore]) } }],
  ])("leaves everything alone while an operation %s", async (_, work) => {
    const { deletions, removed } = deletionsWith([web], work);
    const ends = [
      await deletions.container(web.Id, [], signal),
      await deletions.volume("data", signal),
      await deletions.image("sha256:1", signal),
      await deletions.network({ id: idOf("spare"), name: "spare" }, signal),
    ];

    expect(ends.map(({ kind }) => kind)).toEqual(["busy", "busy", "busy", "busy"]);
    expect(removed).toEqual([]);
  });

  it.each(["web.gw-old-1a2b3c4d", "web.gw-backup-1a2b3c4d", "3d4c5b6a7f8e_web"])(
    "takes no container that is called %s by now",
    async (name) => {
      const { deletions, removed } = deletionsWith([container(name)]);

      expect(await deletions.container(idOf(name), ["data"], signal)).toMatchObject({ kind: "needed" });
      expect(removed).toEqual([]);
    },
  );

  it("takes no network that a stopped container starts with: the engine would", async () => {
    const { deletions, removed } = deletionsWith([web]);

    expect(await deletions.network({ id: idOf("lan"), name: "lan" }, signal)).toEqual({
      ...{ kind: "needed", reason: "web uses it" },
    });
    expect(removed).toEqual([]);
  });

  it("has the engine for itself: what comes meanwhile waits, and what came before it ends it", async () => {
    let entries: JournalEntry[] = [];
    const { deletions, removed, locks } = deletionsWith([], { journal: { all: () => Promise.resolve(entries) } });
    const recovery = await locks.acquire(["web"], [engineLock]);
    const ending = deletions.volume("data", signal);
    // It has looked once by then, and waits.
    await new Promise(setImmediate);
    entries = await noted.all();
    recovery[Symbol.dispose]();

    expect(await ending).toEqual({ kind: "busy", reason: "an operation on web has not ended" });
    expect(removed).toEqual([]);
  });

  it("keeps heavy operations off until it is done", async () => {
    const order: string[] = [];
    const { promise, resolve } = Promise.withResolvers<ContainerInspect>();
    const { deletions, locks } = deletionsWith([web], {
      engine: {
        inspect: () => promise,
        remove: () => Promise.resolve(void order.push("removed")),
      } as unknown as DeletionsDependencies["engine"],
    });
    const ending = deletions.container(web.Id, [], signal);
    await new Promise(setImmediate);
    const update = locks.acquire(["web"], [engineLock]).then((lock) => {
      order.push("update");
      lock[Symbol.dispose]();
    });
    await new Promise(setImmediate);
    resolve(web);
    await Promise.all([ending, update]);

    expect(order).toEqual(["removed", "update"]);
  });
});
