import { expect, it } from "vitest";
import { inspectOf } from "../../test/scripted-engine.ts";
import type { OperationResult } from "../core/operation.ts";
import { type RestoreEntry, restoreNameFor } from "../core/restore-journal.ts";
import { GangwayError } from "../lib/errors.ts";
import { createLocks } from "../lib/locks.ts";
import { type RestoreRecoveryDependencies, recoverRestores } from "./recover-restores.ts";

const operation = "00000001";
const entry: RestoreEntry = {
  ...{ schema: 1, kind: "restore", operation, id: "1", node: "before", container: "web", file: "web.tar" },
  ...{ startedAt: "", volumes: ["data"], networks: ["lan"] },
};
const replaced = { halts: [], begun: 0, start: true };
const signal = new AbortController().signal;

/** A recovery of the node `nas`, whose engine knows one thing. */
function recovery(found: RestoreEntry, knows: string | undefined, labelled = true) {
  const entries = new Map([[found.operation, found]]);
  const results: OperationResult[] = [];
  const errors: unknown[] = [];
  const removed: string[] = [];
  const none = () => Promise.reject(new GangwayError("engine_not_found", "nothing of this name"));
  const look = (name: string) =>
    name !== knows || removed.includes(name)
      ? none()
      : Promise.resolve({ Id: name, Labels: labelled ? { "gangway.restore": operation } : {} });
  const removes = (name: string) => Promise.resolve(void removed.push(name));
  const deps = {
    engine: {
      list: () => Promise.resolve([]),
      inspect: (id: string) => (id === knows ? Promise.resolve(inspectOf(id, "web")) : none()),
      ...{ inspectVolume: look, inspectNetwork: look, remove: removes, removeVolume: removes, removeNetwork: removes },
      ...{ volumes: () => Promise.resolve([]), networks: () => Promise.resolve([]) },
    },
    restoreJournal: {
      all: () => Promise.resolve([...entries.values()]),
      put: () => Promise.resolve(),
      remove: (ended: string) => Promise.resolve(void entries.delete(ended)),
    },
    ...{ node: "nas", nodes: ["nas", "other"], foreign: new Set(), atWork: new Set(), locks: createLocks() },
    clock: { now: () => 0, elapsed: () => 0 },
    log: { error: (_: unknown, text: string) => void errors.push(text), warn: () => {} },
    onResult: (result: OperationResult) => void results.push(result),
  } as unknown as RestoreRecoveryDependencies;
  return { deps, results, errors, entries };
}

it.each<readonly [string, Partial<RestoreEntry>, string]>([
  ["the new container", { newId: "1234" }, "1234"],
  ["the container whose place it takes", { replaced: { ...replaced, oldId: "1234" } }, "1234"],
  ["the container that was brought back", { named: true, replaced: { ...replaced, returnedId: "1234" } }, "1234"],
  ["the container that waits for its name", {}, restoreNameFor("web", operation)],
  ["a volume of it", {}, "data"],
  ["a network of it", {}, "lan"],
])("ends a restore of a node that has another name now, where the engine knows %s", async (_, more, knows) => {
  const { deps, results, entries } = recovery({ ...entry, ...more }, knows);

  expect(await recoverRestores(deps, signal)).toBe(0);

  expect(results).toMatchObject([{ id: "1", command: "restore" }]);
  expect([...entries.keys()]).toEqual([]);
});

it("leaves another's restore alone, and tells of it once", async () => {
  const { deps, results, errors, entries } = recovery(entry, "data", false);

  for (let times = 0; times < 2; times++) expect(await recoverRestores(deps, signal)).toBe(0);

  expect([results, [...entries.keys()]]).toEqual([[], [operation]]);
  expect(errors).toEqual(["an interrupted restore of a node that is not configured was found"]);
});

it("leaves a restore alone whose node there is, and says nothing of it", async () => {
  const { deps, results, errors } = recovery({ ...entry, node: "other" }, "data");

  expect(await recoverRestores(deps, signal)).toBe(0);

  expect([results, errors]).toEqual([[], []]);
});
