import type { Disk } from "../core/disk.ts";
import type { Engine } from "../core/ports.ts";
import { type RestoreEntry, type RestoreJournal, restoreLabel, restoreNameFor } from "../core/restore-journal.ts";
import type { EngineStorage } from "../core/storage.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { removeHelper } from "./backup-helper.ts";
import { giveBackTag } from "./candidate.ts";
import { removeIfThere } from "./put-back.ts";

export interface UndoRestoreDependencies {
  readonly restoreJournal: Pick<RestoreJournal, "put">;
  readonly log: Pick<Log, "warn">;
  readonly engine: Pick<Engine, "inspect" | "remove" | "tag" | "untag"> &
    Pick<EngineStorage, "inspectNetwork" | "inspectVolume"> &
    Pick<Disk, "removeNetwork" | "removeVolume">;
}

/**
 * Removes what a restore has created, as far as it is there, and nothing else. Takes up where an earlier try was cut off.
 * `noted` is what stands in the journal so far. A full disk, on which nothing can be noted, keeps nothing from being
 * removed as long as no container is noted: the removal makes room.
 */
export async function undoRestore(
  { engine, restoreJournal, log }: UndoRestoreDependencies,
  entry: RestoreEntry,
  signal: AbortSignal,
  noted: RestoreEntry = entry,
): Promise<void> {
  const { container, operation, volumes, networks, retags = [] } = entry;
  // From there on a container that is gone says nothing of how the restore ended.
  const note = (): Promise<void> => restoreJournal.put({ ...entry, undoing: true });
  const fault = await faultOf(note);
  for (const retag of retags) await giveBackTag(engine, retag, signal);
  await removeHelper(engine, { container, operation }, signal);
  if (fault !== undefined && isNoteNeeded(noted)) await note();
  else if (fault !== undefined) log.warn({ container, err: fault }, "a restore is undone, which could not be noted");
  await removeIfThere(engine, restoreNameFor(container, operation), signal);
  for (const name of volumes) {
    await gone(async () => {
      const { Labels } = await engine.inspectVolume(name, signal);
      if (Labels?.[restoreLabel] === operation) await engine.removeVolume(name, signal);
    });
  }
  for (const name of networks) {
    await gone(async () => {
      const { Id, Labels } = await engine.inspectNetwork(name, signal);
      if (Labels?.[restoreLabel] === operation) await engine.removeNetwork(Id, signal);
    });
  }
}

/** Would a container that is gone be taken for one that had got its name? */
function isNoteNeeded({ newId, undoing = false, replaced }: RestoreEntry): boolean {
  return (newId !== undefined && !undoing) || replaced?.returnedId !== undefined;
}

async function faultOf(act: () => Promise<void>): Promise<unknown> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function gone(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isErrorWithCode(error, "engine_not_found")) throw error;
  }
}
