import type { Deletions } from "./core/deletions.ts";
import { replaces } from "./core/journal.ts";
import type { OperationResult } from "./core/operation.ts";
import { createLocks } from "./lib/locks.ts";
import { removeOutdatedAfterUpdate } from "./operations/backup-first.ts";
import { createDeletions } from "./operations/deletions.ts";
import { createRecovery } from "./operations/recover.ts";
import { interruptedRecovery } from "./operations/recover-interrupted.ts";
import { createRunner, type Runner } from "./operations/runner.ts";
import { scopeOf } from "./operations/scope.ts";
import { backupDependencies, type ProcedureDependencies, proceduresFor, updateDependencies } from "./procedures.ts";

/** What is under way when the end comes gets this long to finish or to reach a safe point. */
const graceMs = 30_000;

/** What carries commands out, and what puts right what an interrupted one has left. */
export function openOperations(
  deps: Omit<ProcedureDependencies, "submit"> & { readonly newOperation: () => string },
  onResult: (result: OperationResult, joined?: boolean) => void,
): { readonly runner: Runner; readonly deletions: Deletions; readonly stop: () => Promise<void> } {
  const locks = createLocks();
  const working: ProcedureDependencies = { ...deps, submit: (...order) => runner.submit(...order) };
  const tidying = new AbortController();
  const told = (result: OperationResult, joined = false): void => {
    onResult(result, joined);
    if (!joined) void removeOutdatedAfterUpdate({ ...backupDependencies(working), locks }, result, tidying.signal);
  };
  const backing = { ...backupDependencies(working), inventory: deps.inventory, locks, onResult: told };
  const recovery = createRecovery({
    ...updateDependencies(working),
    ...working,
    ...{ locks, onResult: told },
    recoverBackups: interruptedRecovery({ ...backing, nodes: deps.config.engines.flatMap(({ node }) => node ?? []) }),
  });
  const runner: Runner = createRunner({
    ...working,
    procedures: proceduresFor(working),
    scopeOf: (command, signal) => scopeOf({ ...backing, backupFirst: deps.config.update.backupFirst }, command, signal),
    locks,
    parallel: working.config.update.parallel,
    newOperation: deps.newOperation,
    ready: recovery.done,
    onResult: (result, joined) => {
      told(result, joined);
      // Something may be left to put right, after one that went well too: the old container, for one.
      if (replaces(result.command) || result.command === "backup" || result.command === "restore") recovery.look();
    },
  });
  const stop = async (): Promise<void> => {
    await Promise.all([runner.stop(graceMs), recovery.stop(graceMs)]);
    tidying.abort();
  };
  return { runner, deletions: createDeletions({ ...deps, operations: runner, locks }), stop };
}
