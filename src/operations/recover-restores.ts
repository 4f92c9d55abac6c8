import type { OperationResult, Outcome } from "../core/operation.ts";
import { type RestoreEnding, restoreEnding } from "../core/restore-ending.ts";
import { type RestoreEntry, restoreLabel, volumeLockFor } from "../core/restore-journal.ts";
import type { Locks } from "../lib/locks.ts";
import { type Clock, deadline } from "../lib/time.ts";
import { type BringBackDependencies, endInPlace } from "./bring-back.ts";
import type { RestoreDependencies } from "./restore.ts";
import { isRestoreHere } from "./restore-here.ts";
import { backupIn, endOfDone, endText } from "./restore-in-place.ts";
import { engineLock } from "./runner.ts";
import { inspectIfThere } from "./survey.ts";
import { undoRestore } from "./undo-restore.ts";

export interface RestoreRecoveryDependencies
  extends BringBackDependencies,
    Pick<RestoreDependencies, "atWork" | "node"> {
  readonly clock: Clock;
  readonly locks: Locks;
  readonly onResult: (result: OperationResult) => void;
  /** The nodes that the configuration has. */
  readonly nodes: readonly string[];
  /** The operations of restores that are nobody's, of which the log has told. */
  readonly foreign: Set<string>;
}

const quickMs = 30_000;
const undoMs = 180_000;
/** Data is written at the pace of a disk, and what does not move at all ends by itself. */
const returnMs = 12 * 3_600_000;

/**
 * Ends the restores that a crash has left half done: where the container got its name all stays, otherwise everything
 * that was created is removed again, and what it took the place of is there again; of those only that are meant.
 * Resolves to the number of all that are still to be dealt with.
 */
export async function recoverRestores(
  deps: RestoreRecoveryDependencies,
  signal: AbortSignal,
  isMeant: (entry: RestoreEntry) => boolean = () => true,
): Promise<number> {
  const { restoreJournal, atWork, log, nodes } = deps;
  try {
    const here = new Set<string>();
    // Another node that is configured ends its own.
    const mayBeMine = (node: string): boolean => node === deps.node || !nodes.includes(node);
    const unfinished = async () =>
      (await restoreJournal.all()).filter(({ operation, node }) => !atWork.has(operation) && mayBeMine(node));
    for (const entry of (await unfinished()).filter(isMeant)) {
      if (signal.aborted) break;
      if (await recover(deps, entry, signal)) here.add(entry.operation);
    }
    return (await unfinished()).filter(({ operation, node }) => here.has(operation) || node === deps.node).length;
  } catch (error) {
    log.error({ err: error }, "interrupted restores could not be looked for");
    return 1;
  }
}

/** The node may be configured again; else it is for people. */
function tellForeign({ log, foreign }: RestoreRecoveryDependencies, entry: RestoreEntry): void {
  const { operation, container, id, node } = entry;
  if (foreign.has(operation)) return;
  foreign.add(operation);
  const advice = `its engine ends it when it is there; else look there for what has the label ${restoreLabel}=${operation}`;
  log.error(
    { container, operation: id, node, advice },
    "an interrupted restore of a node that is not configured was found",
  );
}

/** Resolves to whether it is this engine's, as far as one can tell. */
async function recover(deps: RestoreRecoveryDependencies, entry: RestoreEntry, signal: AbortSignal): Promise<boolean> {
  const { container, id, startedAt, volumes } = entry;
  const fields = { container, operation: id };
  using _ = await deps.locks.acquire([container, ...volumes.map(volumeLockFor)], [engineLock]);
  try {
    if (!(await isRestoreHere(deps, entry, deadline(quickMs, signal)))) {
      tellForeign(deps, entry);
      return false;
    }
    deps.log.warn(fields, "an interrupted restore was found");
    const outcome = await (entry.replaced === undefined ? endBeside : endReplacing)(deps, entry, signal);
    const finishedAt = new Date(deps.clock.now()).toISOString();
    deps.onResult({ id, command: "restore", container, startedAt, finishedAt, ...outcome });
  } catch (error) {
    deps.log.error({ ...fields, err: error }, "an interrupted restore could not be dealt with yet");
  }
  return true;
}

async function endBeside(
  deps: RestoreRecoveryDependencies,
  entry: RestoreEntry,
  signal: AbortSignal,
): Promise<Outcome> {
  const limit = deadline(undoMs, signal);
  const found = entry.newId === undefined ? undefined : await inspectIfThere(deps.engine, entry.newId, limit);
  const ending = restoreEnding(entry, found);
  if (ending === "undo") await undoRestore(deps, entry, limit);
  await deps.restoreJournal.remove(entry.operation);
  return outcomeOf(entry, ending);
}

async function endReplacing(
  deps: RestoreRecoveryDependencies,
  entry: RestoreEntry,
  signal: AbortSignal,
): Promise<Outcome> {
  const end = await endInPlace(deps, entry, deadline(returnMs, signal));
  const text = endText(entry, end);
  if (end.ending === "done") return { ...endOfDone(end), message: text, ...backupIn(entry) };
  const message = `The restore of ${entry.container} from ${entry.file} was interrupted. ${text}`;
  return { state: "failed", code: "backup_failed", message, ...backupIn(entry) };
}

function outcomeOf({ container, file, volumes, networks }: RestoreEntry, ending: RestoreEnding): Outcome {
  if (ending === "done") {
    return { state: "done", message: `${container} was restored from ${file}; look whether it is to be started.` };
  }
  const kept = [...volumes, ...networks].join(", ");
  const message =
    ending === "undo"
      ? `The restore of ${container} was interrupted, and nothing of it is left.`
      : `The restore of ${container} was interrupted, and its container is gone. What it created is kept, for it may be ` +
        `in use: ${kept || "nothing else"}; remove it where it is not.`;
  return { state: "failed", code: "backup_failed", message };
}
