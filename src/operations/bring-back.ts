import { type InPlaceEnding, inPlaceEnding } from "../core/in-place-ending.ts";
import { planReturn } from "../core/restore-in-place.ts";
import { type RestoreEntry, restoreNameFor } from "../core/restore-journal.ts";
import { GangwayError } from "../lib/errors.ts";
import { removeHelper } from "./backup-helper.ts";
import { giveBackTag } from "./candidate.ts";
import { removeHalfRemoved } from "./half-removed.ts";
import { resumeAll } from "./halts.ts";
import { removeIfThere } from "./put-back.ts";
import type { RestoreDependencies } from "./restore.ts";
import { provideImage } from "./restore-image.ts";
import {
  createRestored,
  createStorage,
  finishRestored,
  isForLater,
  notStarted,
  type RestoreWork,
  startRestored,
} from "./restore-steps.ts";
import { inspectByName, inspectIfThere } from "./survey.ts";
import { existingAt } from "./survey-restore.ts";
import { undoRestore } from "./undo-restore.ts";

export type BringBackDependencies = Pick<
  RestoreDependencies,
  "engine" | "log" | "registry" | "restoreJournal" | "vault"
>;

/** How a restore that takes the place of something has ended, with sentences on what is not as one expects. */
export interface InPlaceEnd {
  readonly ending: InPlaceEnding;
  readonly remarks: readonly string[];
}

const silent = (): void => {};

/**
 * Ends a restore that was cut off, or has failed, while it took the place of what was there: either that is there again,
 * or what was restored has its name. Its entry in the journal is removed. Takes up where an earlier try was cut off. `onDecided`
 * hears which way it is, before anything is done.
 */
export async function endInPlace(
  deps: BringBackDependencies,
  entry: RestoreEntry,
  signal: AbortSignal,
  onDecided: (ending: InPlaceEnding) => void = () => {},
): Promise<InPlaceEnd> {
  const { engine, restoreJournal } = deps;
  const { operation, container, newId, replaced, retags = [] } = entry;
  const seen = async (id: string | undefined) =>
    id === undefined ? undefined : await inspectIfThere(engine, id, signal);
  for (const retag of retags) await giveBackTag(engine, retag, signal);
  const ending = inPlaceEnding(entry, {
    old: await seen(replaced?.oldId),
    fresh: await seen(newId),
    returned: await seen(replaced?.returnedId),
    holder: await inspectByName(engine, container, signal),
  });
  onDecided(ending);
  const remarks = await act(deps, ending, entry, signal);
  await restoreJournal.remove(operation);
  return { ending, remarks };
}

async function act(
  deps: BringBackDependencies,
  ending: InPlaceEnding,
  entry: RestoreEntry,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { engine } = deps;
  const { container, operation, newId, replaced } = entry;
  switch (ending) {
    case "resume":
      await removeHelper(engine, { container, operation }, signal);
      return replaced === undefined ? [] : await resumeAll(deps, { ...replaced, step: "halting" }, signal);
    case "return":
      return await bringBack(deps, entry, signal);
    case "returned":
      return await startAnew(deps, { id: replaced?.returnedId, isWanted: replaced?.halts.length !== 0 }, signal);
    case "done":
      return await startAnew(deps, { id: newId, isWanted: replaced?.start === true }, signal);
    case "taken":
      await removeHelper(engine, { container, operation }, signal);
      await removeIfThere(engine, restoreNameFor(container, operation), signal);
      return [];
    case "lost":
      return [];
  }
}

/**
 * Starts what was made and never ran; what ran, and was stopped, is somebody's wish. Rejects where the engine is away:
 * that is no fault of the container's.
 */
async function startAnew(
  { engine }: Pick<BringBackDependencies, "engine">,
  { id, isWanted }: { readonly id: string | undefined; readonly isWanted: boolean },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = id === undefined || !isWanted ? undefined : await inspectIfThere(engine, id, signal);
  if (found === undefined || found.State.Status !== "created") return [];
  const fault = await startRestored({ engine }, { container: found.Id, isPaused: false }, signal);
  if (isForLater(fault)) throw fault;
  return notStarted(fault);
}

/** Makes anew from the safety backup what was there before, after all has gone that the restore has made. */
async function bringBack(
  deps: BringBackDependencies,
  beginning: RestoreEntry,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { engine, vault, restoreJournal } = deps;
  const { replaced } = beginning;
  const file = replaced?.safety;
  if (replaced === undefined || file === undefined) throw new GangwayError("backup_failed", "nothing was kept");
  // What reads the file may wait for ever for a directory that does not answer.
  await vault.list();
  // Before anything more is removed: without it, what the restore has made is all that there is.
  const { plan: backup, manifest } = await vault.verify(file, silent, signal);
  const { imageId, remarks } = await provideImage(deps, backup, silent, signal);
  // Of one that an earlier try has made there is only its transient name from here on.
  let entry: RestoreEntry = {
    ...beginning,
    undoing: true,
    retags: [],
    replaced: { ...replaced, returnedId: undefined },
  };
  const note = async (changes: Partial<RestoreEntry>): Promise<void> => {
    entry = { ...entry, ...changes };
    await restoreJournal.put(entry);
  };
  await undoRestore(deps, entry, signal, beginning);
  // The engine may have been at its removal.
  if (replaced.oldId !== undefined) await removeIfThere(engine, replaced.oldId, signal);
  const kept = await removeHalfRemoved(deps, entry, signal);
  const plan = planReturn(backup, await existingAt(engine, signal));
  const work: RestoreWork = { plan, source: { file, backup, manifest }, imageId, report: silent };
  await createStorage(deps, entry, work, signal);
  if (replaced.oldId === undefined) return [...remarks, ...kept];
  const returnedId = await createRestored(deps, entry, work, (retags) => note({ retags }), signal);
  await note({ retags: [], replaced: { ...replaced, returnedId } });
  await finishRestored(deps, plan, returnedId, signal);
  const started = await startAnew(deps, { id: returnedId, isWanted: plan.start }, signal);
  return [...remarks, ...kept, ...started];
}
