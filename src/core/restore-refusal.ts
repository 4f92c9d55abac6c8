import type { BackupEntry } from "./backup-journal.ts";
import type { JournalEntry } from "./journal.ts";
import type { RestoreEntry } from "./restore-journal.ts";

/** What is noted of operations that have not ended. */
export interface Unfinished {
  readonly swaps: readonly Pick<JournalEntry, "command" | "container" | "members" | "node">[];
  readonly restores: readonly RestoreEntry[];
  readonly backups: readonly Pick<BackupEntry, "container" | "halts">[];
}

/** What a restore creates, and takes the place of. */
export interface RestoreSubject {
  readonly node: string;
  /** What the container is to be called. */
  readonly container: string;
  /** The id of the one that has the name. */
  readonly targetId: string | undefined;
  /** The names of the volumes that are created, or removed. */
  readonly volumes: readonly string[];
}

/**
 * A sentence that says for which earlier operation a restore has to wait; undefined where for none. What puts that one
 * right later would take what this one makes for its own.
 */
export function unfinishedBefore(subject: RestoreSubject, unfinished: Unfinished): string | undefined {
  const { node, container, targetId, volumes } = subject;
  const isIt = (id: string | undefined): boolean => id !== undefined && id === targetId;
  const isHalted = ({ halts }: Pick<BackupEntry, "halts">): boolean => halts.some(({ id }) => isIt(id));
  const isInTheWay = (earlier: RestoreEntry): boolean =>
    earlier.container === container || earlier.volumes.some((name) => volumes.includes(name));
  const restore = unfinished.restores.find(
    (earlier) =>
      // Names are this engine's own, ids are nobody else's.
      (earlier.node === node && isInTheWay(earlier)) ||
      [earlier.newId, earlier.replaced?.oldId, earlier.replaced?.returnedId].some(isIt) ||
      (earlier.replaced !== undefined && isHalted(earlier.replaced)),
  );
  if (restore !== undefined) {
    return `An earlier restore of ${restore.container} is not finished; Gangway finishes or undoes it first.`;
  }
  const swap = unfinished.swaps.find((earlier) =>
    earlier.members.some(
      ({ container: name, oldId, newId }) =>
        (earlier.node === node && name === container) || isIt(oldId) || isIt(newId),
    ),
  );
  if (swap !== undefined) {
    return `An earlier ${swap.command} of ${swap.container} is not finished; Gangway finishes or undoes it first.`;
  }
  const backup = unfinished.backups.find(isHalted);
  if (backup === undefined) return undefined;
  return `An earlier backup of ${backup.container} is not finished; Gangway lets run again what it has stopped first.`;
}
