import { type MadeBackup, withoutBackup } from "../core/backup-first.ts";
import type { OperationResult } from "../core/operation.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import type { Locks } from "../lib/locks.ts";
import { type BackupDependencies, writeBackup } from "./backup.ts";
import { removeOutdated } from "./outdated-backups.ts";
import type { Order } from "./runner.ts";

/**
 * Backs a container up as a step of its update. Resolves when the file is whole and everybody runs again. Rejects with
 * `backup_failed` where it cannot be had, and as the signal does: there is to be no update then.
 */
export async function backUpBeforeUpdate(
  deps: BackupDependencies,
  container: string,
  order: Order,
  signal: AbortSignal,
): Promise<MadeBackup> {
  const fail = (reason: string, options?: ErrorOptions): GangwayError => {
    const message = `${container} was not updated, for it could not be backed up first: ${reason} ${withoutBackup}`;
    return new GangwayError("backup_failed", message, options);
  };
  const written = await writeBackup(deps, container, { order, command: "update" }, signal).catch((cause: unknown) => {
    throw signal.aborted ? cause : fail(`${messageOf(cause)}.`, { cause });
  });
  if (written.kind === "refused") throw fail(written.message);
  const { file, remarks, warnings } = written;
  return { file: file.file, remarks: [...remarks, ...warnings] };
}

/**
 * Removes what retention has no place for, once an update with a backup has ended well. After one that did not, its
 * backup may be what somebody wants to go back to, and the ones before it too: they stay until something newer is whole.
 */
export async function removeOutdatedAfterUpdate(
  deps: BackupDependencies & { readonly locks: Locks },
  { state, container, backup }: OperationResult,
  signal: AbortSignal,
): Promise<void> {
  if (state !== "updated" || container === null || backup === undefined) return;
  // Nobody is to restore from one of them at that moment.
  using _ = await deps.locks.acquire([container]);
  await removeOutdated(deps, container, backup, signal);
}
