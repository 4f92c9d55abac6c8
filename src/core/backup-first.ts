import { labelsFrom } from "./labels.ts";
import type { CommandKind } from "./operation.ts";

/** The backup that was made for an update. */
export interface MadeBackup {
  /** Its name in the backup directory. */
  readonly file: string;
  /** Sentences on what may not be as one expects, such as who went on while the data was read. */
  readonly remarks: readonly string[];
}

/**
 * Is a container with these labels to be backed up before the command is carried out? `isDefault` is what the
 * configuration says; the label wins. Only an update brings a version that the data has not met.
 */
export function isBackedUpFirst(
  command: CommandKind,
  labels: Readonly<Record<string, string>> | null | undefined,
  isDefault: boolean,
): boolean {
  return command === "update" && (labelsFrom(labels ?? {}).backupFirst ?? isDefault);
}

/** How to go on without a backup that cannot be had. */
export const withoutBackup =
  "Put that right and update it again, or set the label gangway.backup-first to false to update without a backup.";

/** What the result of an update that went well says of its backup. */
export function backupRemarks(backup: MadeBackup | undefined): readonly string[] {
  return backup === undefined ? [] : [`Before that it was backed up to ${backup.file}.`, ...backup.remarks];
}

/** What the result of an update that was undone says of its backup: the data is not put back by itself. */
export function backupOffer(backup: MadeBackup | undefined): readonly string[] {
  if (backup === undefined) return [];
  const offer = `The data as it was before the update is in ${backup.file}: the command restore brings it back from there.`;
  return [offer, ...backup.remarks];
}
