import { backupHelperNameFor } from "../core/backup-name.ts";
import type { Engine } from "../core/ports.ts";
import { type RestoreEntry, restoreLabel, restoreNameFor } from "../core/restore-journal.ts";
import type { EngineStorage } from "../core/storage.ts";
import { known } from "./backup-preparation.ts";
import { inspectIfThere } from "./survey.ts";

export interface RestoreHereDependencies {
  readonly engine: Pick<Engine, "inspect"> & Pick<EngineStorage, "inspectNetwork" | "inspectVolume">;
  readonly node: string;
}

/**
 * Is it this engine's restore? One of another node is all the same where the engine knows its containers, or what it has
 * created: the node was given a new name.
 */
export async function isRestoreHere(
  { engine, node }: RestoreHereDependencies,
  entry: RestoreEntry,
  signal: AbortSignal,
): Promise<boolean> {
  if (entry.node === node) return true;
  const { container, operation, newId, replaced, volumes, networks } = entry;
  const names = [restoreNameFor(container, operation), backupHelperNameFor(container, operation)];
  for (const id of [newId, replaced?.oldId, replaced?.returnedId, ...names]) {
    if (id !== undefined && (await inspectIfThere(engine, id, signal)) !== undefined) return true;
  }
  const made = [
    ...(await known(volumes, (name) => engine.inspectVolume(name, signal))),
    ...(await known(networks, (name) => engine.inspectNetwork(name, signal))),
  ];
  return made.some(({ Labels }) => Labels?.[restoreLabel] === operation);
}
