import { expect, it } from "vitest";
import type { BackupEntry } from "../core/backup-journal.ts";
import type { OperationResult } from "../core/operation.ts";
import { GangwayError } from "../lib/errors.ts";
import { createLocks } from "../lib/locks.ts";
import { type BackupRecoveryDependencies, recoverBackups } from "./recover-backups.ts";

const entry: BackupEntry = {
  ...{ schema: 1, kind: "backup", operation: "00000001", id: "1", node: "nas", container: "web", startedAt: "" },
  ...{ step: "reading", halts: [{ container: "web", id: "1234", deed: "stop", startedAt: "1" }], begun: 1 },
  partial: "web_20261121T180102Z.tar.partial",
};
const failing = (): Promise<never> => Promise.reject(new GangwayError("file_failed", "the disk is gone"));
const signal = new AbortController().signal;

function recovery(more: { readonly [name: string]: unknown }, found = entry) {
  const entries = new Map([[found.operation, found]]);
  const results: OperationResult[] = [];
  const none = (): Promise<never> => Promise.reject(new GangwayError("engine_not_found", "no such container"));
  const deps = {
    engine: { inspect: none },
    vault: { list: () => Promise.resolve([]), discard: () => Promise.resolve(), clear: () => Promise.resolve() },
    backupJournal: {
      all: () => Promise.resolve([...entries.values()]),
      remove: (operation: string) => Promise.resolve(void entries.delete(operation)),
    },
    ...{ node: "nas", atWork: new Set(), clock: { now: () => 0, elapsed: () => 0 }, locks: createLocks() },
    log: { error: () => {}, warn: () => {} },
    inventory: { setResult: () => {} },
    onResult: (result: OperationResult) => void results.push(result),
    ...more,
  } as unknown as BackupRecoveryDependencies;
  return { deps, results };
}

it("says that what was stopped runs again only where all of it does", async () => {
  const { deps, results } = recovery({});

  expect(await recoverBackups(deps, signal)).toBe(0);
  expect(results).toMatchObject([{ message: expect.stringMatching(/nothing of it is left\. Somebody removed web/) }]);
});

it.each([
  [
    "is lost",
    [],
    /^web was not updated: update it again\. The backup of web was interrupted, and nothing of it is left\./,
  ],
  [
    "is whole",
    ["web_20261121T180102Z.tar"],
    /^web was not updated: .* web was backed up to web_20261121T180102Z\.tar\./,
  ],
] as const)("tells whoever asked for an update that there was none, where its backup %s", async (_, files, message) => {
  const list = () => Promise.resolve(files.map((file) => ({ file })));
  const vault = { list, discard: () => Promise.resolve(), clear: () => Promise.resolve() };
  const { deps, results } = recovery({ vault }, { ...entry, command: "update" });

  await recoverBackups(deps, signal);

  expect(results).toMatchObject([
    { id: "1", command: "update", state: "failed", code: "backup_failed", message: expect.stringMatching(message) },
  ]);
  expect(results[0]?.backup).toBe(files[0]);
});

it("counts what is left, though the backup directory cannot be cleared", async () => {
  const vault = { list: failing, discard: failing, clear: failing };

  expect(await recoverBackups(recovery({ vault }).deps, signal)).toBe(1);
});

it("is not at its end where the journal cannot be read", async () => {
  expect(await recoverBackups(recovery({ backupJournal: { all: failing } }).deps, signal)).toBe(1);
});
