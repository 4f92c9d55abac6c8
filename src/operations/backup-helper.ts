import { helperLabel } from "../core/backup-helper.ts";
import { backupHelperNameFor } from "../core/backup-name.ts";
import type { Engine } from "../core/ports.ts";
import { removeIfThere } from "./put-back.ts";
import { inspectIfThere } from "./survey.ts";

/** Removes the helper container of an operation, if there is one. */
export async function removeHelper(
  engine: Pick<Engine, "inspect" | "remove">,
  { container, operation }: { readonly container: string; readonly operation: string },
  signal: AbortSignal,
): Promise<void> {
  const helper = await inspectIfThere(engine, backupHelperNameFor(container, operation), signal);
  // A name alone is no reason to remove anything.
  if (helper?.Config.Labels?.[helperLabel] === operation) await removeIfThere(engine, helper.Id, signal);
}
