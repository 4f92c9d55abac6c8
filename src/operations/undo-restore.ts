import type { Disk } from "../core/disk.ts";
import type { Engine } from "../core/ports.ts";
import { type RestoreEntry, type RestoreJournal, restoreLabel, restoreNameFor } from "../core/restore-journal.ts";
import type { EngineStorage } from "../core/storage.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import { removeHelper } from "./backup-helper.ts";
import { giveBackTag } from "./candidate.ts";
import { removeIfThere } from "./put-back.ts";

export interface UndoRestoreDependencies {
  readonly restoreJournal: Pick<RestoreJournal, "put">;
  readonly engine: Pick<Engine, "inspect" | "remove" | "tag" | "untag"> &
    Pick<EngineStorage, "inspectNetwork" | "inspectVolume"> &
    Pick<Disk, "removeNetwork" | "removeVolume">;
}

/** Removes what a restore has created, as far as it is there, and nothing else. Takes up where an earlier try was cut off. */
export async function undoRestore(
  { engine, restoreJournal }: UndoRestoreDependencies,
  entry: RestoreEntry,
  signal: AbortSignal,
): Promise<void> {
  const { container, operation, volumes, networks, retags = [] } = entry;
  // From here on a container that is gone says nothing of how the restore ended.
  await restoreJournal.put({ ...entry, undoing: true });
  for (const retag of retags) await giveBackTag(engine, retag, signal);
  await removeHelper(engine, { container, operation }, signal);
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

async function gone(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isErrorWithCode(error, "engine_not_found")) throw error;
  }
}
