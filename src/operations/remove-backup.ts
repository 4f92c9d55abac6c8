import type { RestoreJournal } from "../core/restore-journal.ts";
import type { Vault } from "../core/vault.ts";
import { GangwayError } from "../lib/errors.ts";

/** The backups that restores read from, or would bring back what was there from, until they have ended. */
export async function neededBackups(restoreJournal: Pick<RestoreJournal, "all">): Promise<ReadonlySet<string>> {
  const entries = await restoreJournal.all();
  return new Set(entries.flatMap(({ file, replaced }) => [file, replaced?.safety ?? file]));
}

/** Removes a backup. Rejects with `backup_not_found`, and with `backup_failed` where a restore needs it. */
export async function removeBackup(
  {
    vault,
    restoreJournal,
  }: { readonly vault: Pick<Vault, "remove">; readonly restoreJournal: Pick<RestoreJournal, "all"> },
  file: string,
): Promise<void> {
  if ((await neededBackups(restoreJournal)).has(file)) {
    throw new GangwayError(
      "backup_failed",
      `A restore that has not ended needs ${file}; delete it when that has ended`,
    );
  }
  await vault.remove(file);
}
