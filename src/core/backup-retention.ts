/** A whole backup in the backup directory. */
export interface KeptBackup {
  readonly file: string;
  readonly container: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export interface Retention {
  /** How many of each container stay. */
  readonly keep: number;
  /** Older ones go, where this is set. */
  readonly keepForMs?: number | undefined;
}

/**
 * Which backups of `container` are to go, oldest first: those beyond the newest `keep`, and those that are older than
 * `keepForMs` at `now` (milliseconds since 1970). The newest one stays, whatever its age.
 */
export function outdatedBackups<Backup extends KeptBackup>(
  backups: readonly Backup[],
  container: string,
  { keep, keepForMs }: Retention,
  now: number,
): readonly Backup[] {
  const own = backups
    .filter((backup) => backup.container === container)
    .toSorted((a, b) =>
      a.createdAt === b.createdAt ? (a.file < b.file ? 1 : -1) : a.createdAt < b.createdAt ? 1 : -1,
    );
  const isOld = ({ createdAt }: Backup): boolean => keepForMs !== undefined && now - Date.parse(createdAt) > keepForMs;
  return own.filter((backup, index) => index > 0 && (index >= keep || isOld(backup))).reverse();
}
