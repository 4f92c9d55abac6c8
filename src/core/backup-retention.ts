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

/** Clocks of two machines may differ by so much. */
const clockSlackMs = 60_000;

/**
 * Which backups of `container` are to go, oldest first: those beyond the newest `keep`, and those that are older than
 * `keepForMs` at `now` (milliseconds since 1970). The newest one stays, whatever its age, and so does `made`, the file
 * that was just made. Where one is from the future, a clock was wrong: none goes for its age then.
 */
export function outdatedBackups<Backup extends KeptBackup>(
  backups: readonly Backup[],
  { container, made }: { readonly container: string; readonly made?: string },
  { keep, keepForMs }: Retention,
  now: number,
): readonly Backup[] {
  const own = backups
    .filter((backup) => backup.container === container)
    .toSorted((a, b) =>
      a.createdAt === b.createdAt ? (a.file < b.file ? 1 : -1) : a.createdAt < b.createdAt ? 1 : -1,
    );
  const isClockRight = own.every(({ createdAt }) => Date.parse(createdAt) <= now + clockSlackMs);
  const isOld = ({ createdAt }: Backup): boolean =>
    isClockRight && keepForMs !== undefined && now - Date.parse(createdAt) > keepForMs;
  return own.filter((backup, index) => backup.file !== made && index > 0 && (index >= keep || isOld(backup))).reverse();
}
