import type { RestoreEntry } from "../core/restore-journal.ts";
import { patientVault } from "./patient-vault.ts";
import { type BackupRecoveryDependencies, recoverBackups } from "./recover-backups.ts";
import { type RestoreRecoveryDependencies, recoverRestores } from "./recover-restores.ts";

export type InterruptedDependencies = BackupRecoveryDependencies & Omit<RestoreRecoveryDependencies, "foreign">;

/**
 * Ends the backups and restores that a crash has left half done; what only has to be started again waits neither for the
 * backup directory nor for data. Resolves to the number of those that are still to be dealt with.
 */
export function interruptedRecovery(deps: InterruptedDependencies): (signal: AbortSignal) => Promise<number> {
  const limited = { ...deps, vault: patientVault(deps.vault), foreign: new Set<string>() };
  return async (signal) => {
    await recoverRestores(limited, signal, isOnlyStopped);
    return (await recoverBackups(limited, signal)) + (await recoverRestores(limited, signal));
  };
}

/** Before the safety backup is noted, nothing is removed. */
function isOnlyStopped({ replaced }: RestoreEntry): boolean {
  return replaced !== undefined && replaced.safety === undefined;
}
