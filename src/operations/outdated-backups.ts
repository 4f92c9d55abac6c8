import { outdatedBackups } from "../core/backup-retention.ts";
import type { RestoreJournal } from "../core/restore-journal.ts";
import type { BackupFile, Vault } from "../core/vault.ts";
import type { BackupDependencies } from "./backup.ts";
import { neededBackups } from "./remove-backup.ts";

type RetentionDependencies = Pick<BackupDependencies, "backups" | "clock" | "log" | "node"> & {
  readonly vault: Pick<Vault, "list" | "planOf" | "remove">;
  readonly restoreJournal: Pick<RestoreJournal, "all">;
};

/**
 * Removes the backups of a container that retention has no place for, never `made`, the one that was just made. Another
 * Gangway may keep its own in the same directory: what is not said to be this node's stays, and what cannot be read too.
 * What a restore that has not ended reads from, or would bring back what was there from, stays as well.
 * One that stays too long is no reason for the new one to have failed.
 */
export async function removeOutdated(
  deps: RetentionDependencies,
  container: string,
  made: string,
  signal: AbortSignal,
): Promise<void> {
  const { vault, backups, clock, log } = deps;
  try {
    const needed = await neededBackups(deps.restoreJournal);
    const own: BackupFile[] = [];
    for (const backup of await vault.list()) {
      if (backup.container === container && (await isOwn(deps, backup, signal))) own.push(backup);
    }
    for (const { file } of outdatedBackups(own, { container, made }, backups.retention, clock.now())) {
      if (needed.has(file)) continue;
      await vault.remove(file);
      log.info({ container, file }, "an old backup was removed");
    }
  } catch (error) {
    log.warn({ container, err: error }, "old backups could not be removed");
  }
}

/** Was a backup made by this node? */
export async function isOwn(
  { vault, node, log }: Pick<RetentionDependencies, "node" | "log"> & { readonly vault: Pick<Vault, "planOf"> },
  { file, container }: BackupFile,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await vault.planOf(file, signal)).node === node;
  } catch (error) {
    log.warn({ container, file, err: error }, "a backup cannot be read, and is left where it is");
    return false;
  }
}
