import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { inspectOf } from "../../test/scripted-engine.ts";
import type { BackupEntry } from "../core/backup-journal.ts";
import type { RestoreEntry } from "../core/restore-journal.ts";
import { GangwayError } from "../lib/errors.ts";
import { createLocks } from "../lib/locks.ts";
import { type InterruptedDependencies, interruptedRecovery } from "./recover-interrupted.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const signal = new AbortController().signal;
const halt = { container: "web", id: "1234", deed: "stop", startedAt: "1" } as const;
const common = { schema: 1, operation: "00000001", id: "1", node: "nas", container: "web", startedAt: "" } as const;
const backup: BackupEntry = {
  ...{ ...common, kind: "backup", command: "restore", step: "reading", halts: [], begun: 0 },
  partial: "web_20261121T180102Z.tar.partial",
};
const restore: RestoreEntry = {
  ...{ ...common, kind: "restore", file: "web.tar", volumes: [], networks: [] },
  replaced: { halts: [halt], begun: 1, oldId: "1234", start: true },
};

function journalOf<Entry extends { readonly operation: string }>(entries: Entry[]) {
  return {
    all: () => Promise.resolve(entries),
    put: () => Promise.resolve(),
    remove: (operation: string) => {
      const at = entries.findIndex((entry) => entry.operation === operation);
      if (at !== -1) entries.splice(at, 1);
      return Promise.resolve();
    },
  };
}

/** The recovery beside a backup directory that gives no answer, and what it does. */
function recovery(backups: BackupEntry[], restores: RestoreEntry[]) {
  const calls: string[] = [];
  const asked = (call: string) => () => {
    calls.push(call);
    return new Promise<never>(() => {});
  };
  const none = () => Promise.reject(new GangwayError("engine_not_found", "no such container"));
  const State = { Status: "exited", Running: false, StartedAt: "1" } as never;
  const engine = {
    list: async () => [],
    inspect: async (id: string) => (id === "1234" || id === "web" ? inspectOf("1234", "web", { State }) : none()),
    ...{ inspectNetwork: none, inspectVolume: none },
    start: async () => void calls.push("start web"),
  };
  const deps = {
    engine,
    vault: { list: asked("list"), discard: asked("discard"), clear: asked("clear"), verify: asked("verify") },
    ...{ backupJournal: journalOf(backups), restoreJournal: journalOf(restores) },
    nodes: ["nas"],
    ...{ node: "nas", atWork: new Set(), clock: { now: () => 0, elapsed: () => 0 }, locks: createLocks() },
    ...{ log: { error: () => {}, warn: () => {} }, inventory: { setResult: () => {} }, onResult: () => {} },
  } as unknown as InterruptedDependencies;
  return { recover: interruptedRecovery(deps), calls };
}

it("starts what a restore has stopped before it waits for the backup directory, and does not wait for ever", async () => {
  const { recover, calls } = recovery([backup, { ...backup, operation: "00000002" }], [restore]);

  const left = recover(signal);
  await vi.advanceTimersByTimeAsync(0);
  expect(calls).toEqual(["start web", "list"]);
  await vi.advanceTimersByTimeAsync(30_000);

  expect(await left).toBe(2);
});

it("asks a backup directory that gives no answer no more, for each question keeps a thread", async () => {
  const { recover, calls } = recovery([backup], []);

  for (let times = 0; times < 3; times++) {
    const left = recover(signal);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await left).toBe(1);
  }

  expect(calls).toEqual(["list"]);
});

it("does not wait for ever for the backup that what was there is in", async () => {
  const gone = { halts: [halt], begun: 1, oldId: "5678", start: true, safety: "web_20261121T180102Z.tar" };
  const { recover } = recovery([], [{ ...restore, container: "app", replaced: gone }]);

  const left = recover(signal);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(await left).toBe(1);
});
