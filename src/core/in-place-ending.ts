import { nameFrom } from "./container.ts";
import type { ContainerInspect } from "./inspect.ts";
import { type RestoreEntry, restoreNameFor } from "./restore-journal.ts";

/** What there is of a restore that takes the place of something. */
export interface InPlaceSeen {
  /** The container that had the name, by its id. */
  readonly old: Seen | undefined;
  /** The new one, by its id. */
  readonly fresh: Seen | undefined;
  /** The one that was made anew from the safety backup, by its id. */
  readonly returned: Seen | undefined;
  /** Whoever has the name now. */
  readonly holder: Seen | undefined;
}

type Seen = Pick<ContainerInspect, "Id" | "Name" | "State">;

/**
 * What becomes of it.
 * - `resume`: the container that had the name runs again as it did; nothing was removed.
 * - `return`: what was there before is made anew from the safety backup.
 * - `returned`: that has been done, but for its start.
 * - `done`: the new container has its name, and stays.
 * - `taken`: another container has the name: nothing but the nameless one is removed.
 * - `lost`: a container of ours is gone, and nobody can tell whether it had its name: nothing is removed.
 */
export type InPlaceEnding = "resume" | "return" | "returned" | "done" | "taken" | "lost";

/**
 * Decides by the note, and by what the engine shows. Why none of it loses anything, step by step:
 *
 * - Until `safety` is noted, nothing is removed: the old container has all its data.
 * - The old container goes first, and the engine removes no volume that a container has: while it is there, all of its
 *   volumes are as they were. It is started again, which needs nothing of the backup.
 * - From then on what was there is in the safety backup, what is restored is in the other one, and neither is written
 *   to. Back is the better way of the two: what was there has run here, while what is restored may be what made the
 *   restore fail, and would do so for ever. The volumes are removed and filled anew, whatever is in them: nobody has had
 *   them since but helpers that never run, for a container that has them keeps the engine from removing them.
 * - With its name the new container is the user's, and may have new data: it stays, and so does the safety backup. That
 *   holds also for one that somebody has renamed, and for the one that was brought back.
 * - Where one of ours is gone that may have had its name, or somebody has made another one of that name, the volumes may
 *   have new data, which is in neither backup: they stay.
 */
export function inPlaceEnding(entry: RestoreEntry, { old, fresh, returned, holder }: InPlaceSeen): InPlaceEnding {
  const { container, operation, newId, named = false, undoing = false, replaced } = entry;
  const isNameless = (seen: Seen): boolean => nameFrom(seen.Name) === restoreNameFor(container, operation);
  if (named) return "done";
  // The engine may be at its removal.
  if (old !== undefined && !old.State.Dead && old.State.Status !== "dead" && old.State.Status !== "removing") {
    return "resume";
  }
  if (replaced?.safety === undefined) return "resume";
  if (returned !== undefined && !isNameless(returned)) return "returned";
  if (fresh !== undefined && !isNameless(fresh)) return "done";
  if (holder !== undefined && holder.Id !== old?.Id) return "taken";
  if (replaced.returnedId !== undefined) return returned === undefined ? "lost" : "return";
  if (undoing || newId === undefined) return "return";
  return fresh === undefined ? "lost" : "return";
}
