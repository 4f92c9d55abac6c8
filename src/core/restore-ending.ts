import { nameFrom } from "./container.ts";
import { type RestoreEntry, restoreNameFor } from "./restore-journal.ts";

/**
 * What becomes of a restore: `done`: its container has its name, and all stays. `undo`: what it has created is removed.
 * `lost`: it had made its container, and nobody can tell whether that got its name before it went: nothing is removed.
 */
export type RestoreEnding = "done" | "undo" | "lost";

/**
 * Decides by the note of a restore, and by the container that has the id of the new one now. A container that the user
 * has renamed, updated or removed since is no reason to take its data away.
 */
export function restoreEnding(entry: RestoreEntry, found: { readonly Name: string } | undefined): RestoreEnding {
  const { container, operation, newId, named = false, undoing = false } = entry;
  if (named) return "done";
  if (undoing || newId === undefined) return "undo";
  if (found === undefined) return "lost";
  return nameFrom(found.Name) === restoreNameFor(container, operation) ? "undo" : "done";
}
