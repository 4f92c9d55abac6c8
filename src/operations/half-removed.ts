import type { Disk } from "../core/disk.ts";
import { type RestoreEntry, restoreLabel } from "../core/restore-journal.ts";
import type { EngineStorage } from "../core/storage.ts";
import { isErrorWithCode, messageOf } from "../lib/errors.ts";
import { isForLater } from "./restore-steps.ts";

export interface HalfRemovedDependencies {
  readonly engine: Pick<EngineStorage, "inspectVolume"> & Pick<Disk, "removeVolume">;
}

/**
 * Removes the volumes whose removal a restore had begun and that are there all the same: some of their data may be gone
 * already, or somebody has made them anew. Resolves to a sentence for each that the engine keeps; rejects where it may let
 * it go at another time.
 */
export async function removeHalfRemoved(
  { engine }: HalfRemovedDependencies,
  { operation, replaced }: Pick<RestoreEntry, "operation" | "replaced">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const remarks: string[] = [];
  for (const name of replaced?.removing ?? []) {
    try {
      const { Labels } = await engine.inspectVolume(name, signal);
      // Made by the way back itself, from the whole copy.
      if (Labels?.[restoreLabel] !== operation) await engine.removeVolume(name, signal);
    } catch (error) {
      if (isErrorWithCode(error, "engine_not_found")) continue;
      if (isForLater(error)) throw error;
      remarks.push(
        `The volume ${name}, which was being removed, is still there and could not be filled again ` +
          `(${messageOf(error)}): it may lack data, or have somebody else's. All that it had is in ${replaced?.safety}.`,
      );
    }
  }
  return remarks;
}
