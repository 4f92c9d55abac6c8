import type { BackupPlan } from "./backup.ts";
import type { Command } from "./operation.ts";
import type { RestoreDecision } from "./restore.ts";
import type { BackupFile, Received, Upload, Vault } from "./vault.ts";

/** The backups of a node's containers, as doors see them: types only. */
export interface BackupShelf {
  /** All whole ones, the newest first. */
  readonly list: () => Promise<readonly BackupFile[]>;
  /** Rejects with `backup_not_found` or `backup_damaged`; and as calls to the engine do. */
  readonly preview: (
    command: Extract<Command, { readonly kind: "restore" }>,
    signal: AbortSignal,
  ) => Promise<{ readonly backup: BackupPlan; readonly decision: RestoreDecision }>;
  /** Rejects with `backup_not_found`, and with `backup_failed` where a restore that has not ended needs it. */
  readonly remove: (file: string) => Promise<void>;
  readonly pathOf: Vault["pathOf"];
  readonly archive: Vault["archive"];
  /** At most as much as `backup.upload_limit_gb` says. */
  readonly receive: (upload: Omit<Upload, "most">, signal: AbortSignal) => Promise<Received>;
}
