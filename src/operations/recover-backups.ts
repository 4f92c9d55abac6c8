import type { BackupEntry } from "../core/backup-journal.ts";
import { backupHelperNameFor, partialEnding } from "../core/backup-name.ts";
import type { OperationResult, Outcome } from "../core/operation.ts";
import type { Inventory } from "../core/ports.ts";
import type { Locks } from "../lib/locks.ts";
import { deadline } from "../lib/time.ts";
import type { BackupDependencies } from "./backup.ts";
import { removeHelper } from "./backup-helper.ts";
import { resumeAll } from "./halts.ts";
import { engineLock } from "./runner.ts";
import { inspectIfThere } from "./survey.ts";

export interface BackupRecoveryDependencies
  extends Pick<BackupDependencies, "engine" | "vault" | "backupJournal" | "node" | "atWork" | "clock" | "log"> {
  readonly inventory: Pick<Inventory, "setResult">;
  readonly locks: Locks;
  readonly onResult: (result: OperationResult) => void;
}

const quickMs = 30_000;
const resumeMs = 3_600_000;

/**
 * Ends the backups that a crash has left half done: whoever was halted runs again, the helper and the file that is not
 * whole go. Resolves to the number of those that are still to be dealt with; 1 where nobody can tell.
 */
export async function recoverBackups(deps: BackupRecoveryDependencies, signal: AbortSignal): Promise<number> {
  const { log } = deps;
  try {
    for (const entry of await unfinished(deps)) {
      if (signal.aborted) break;
      await recover(deps, entry, signal);
    }
    await clear(deps);
    return (await unfinished(deps)).filter(({ node }) => node === deps.node).length;
  } catch (error) {
    log.error({ err: error }, "interrupted backups could not be looked for");
    return 1;
  }
}

/** Files that stay a while longer are no reason to leave anything else. */
async function clear({ vault, log }: Pick<BackupRecoveryDependencies, "vault" | "log">): Promise<void> {
  try {
    await vault.clear();
  } catch (error) {
    log.warn({ err: error }, "what interrupted backups have left could not be removed");
  }
}

async function recover(deps: BackupRecoveryDependencies, entry: BackupEntry, signal: AbortSignal): Promise<void> {
  const { container, operation, id, halts, step } = entry;
  const fields = { container, operation: id, step };
  using _ = await deps.locks.acquire([container, ...halts.map((halt) => halt.container)], [engineLock]);
  try {
    if (!(await isHere(deps, entry, deadline(quickMs, signal)))) return;
    deps.log.warn(fields, "an interrupted backup was found");
    const outcome = await putRight(deps, entry, deadline(resumeMs, signal));
    await deps.backupJournal.remove(operation);
    // Whoever ends the restore tells of both.
    if (entry.command !== "restore") tell(deps, entry, outcome);
  } catch (error) {
    deps.log.error({ ...fields, err: error }, "an interrupted backup could not be dealt with yet");
  }
}

async function putRight(deps: BackupRecoveryDependencies, entry: BackupEntry, signal: AbortSignal): Promise<Outcome> {
  const { partial } = entry;
  const remarks = await resumeAll(deps, entry, signal);
  await removeHelper(deps.engine, entry, signal);
  const file = partial.slice(0, -partialEnding.length);
  // It gets its name when it has been proven.
  const isWhole = (await deps.vault.list()).some((backup) => backup.file === file);
  if (!isWhole && partial !== "") await deps.vault.discard(partial);
  return outcomeOf(entry, isWhole ? file : undefined, remarks);
}

/** An update that the backup was made for had not begun: its own notes are made after that. */
function outcomeOf(
  { command, container, halts }: BackupEntry,
  file: string | undefined,
  remarks: readonly string[],
): Outcome {
  const isUpdate = command === "update";
  if (file !== undefined) {
    const sentences = [`${container} was backed up to ${file}.`, ...remarks];
    if (!isUpdate) return { state: "done", message: sentences.join(" "), backup: file };
    const message = `${container} was not updated: Gangway was interrupted after the backup; update it again.`;
    return { state: "failed", code: "backup_failed", message: [message, ...sentences].join(" "), backup: file };
  }
  const again = halts.length === 0 || remarks.length > 0 ? "" : " What was stopped for it runs again.";
  const lost = `The backup of ${container} was interrupted, and nothing of it is left.${again}`;
  const message = isUpdate ? `${container} was not updated: update it again. ${lost}` : lost;
  return { state: "failed", code: "backup_failed", message: [message, ...remarks].join(" ") };
}

function tell(
  { clock, inventory, onResult }: BackupRecoveryDependencies,
  { id, command, container, startedAt }: BackupEntry,
  outcome: Outcome,
): void {
  const finishedAt = new Date(clock.now()).toISOString();
  const result: OperationResult = {
    ...{ id, command: command ?? "backup", container, startedAt, finishedAt },
    ...outcome,
  };
  inventory.setResult(container, result);
  onResult(result);
}

/** Entries that nobody is at work on. */
async function unfinished({ backupJournal, atWork }: BackupRecoveryDependencies): Promise<readonly BackupEntry[]> {
  return (await backupJournal.all()).filter(({ operation }) => !atWork.has(operation));
}

/** An entry of another node is this engine's all the same where it knows the containers: the node was given a new name. */
async function isHere(
  { engine, node }: BackupRecoveryDependencies,
  entry: BackupEntry,
  signal: AbortSignal,
): Promise<boolean> {
  if (entry.node === node) return true;
  const ids = [backupHelperNameFor(entry.container, entry.operation), ...entry.halts.map(({ id }) => id)];
  for (const id of ids) if ((await inspectIfThere(engine, id, signal)) !== undefined) return true;
  return false;
}
