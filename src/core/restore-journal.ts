/**
 * A restore under way. Until the container has its name, all that was created is removed again; after that it stays.
 */
export interface RestoreEntry {
  readonly schema: 1;
  readonly kind: "restore";
  /** Eight hex digits: also in the transient names, and in the labels of what was created. */
  readonly operation: string;
  /** The id under which the result is published. */
  readonly id: string;
  readonly node: string;
  readonly container: string;
  readonly file: string;
  readonly startedAt: string;
  /** Names of what is created, or is going to be. */
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** Of the new container, once the engine has said it. */
  readonly newId?: string | undefined;
  /** It has its name: all that was created is the user's now. */
  readonly named?: boolean | undefined;
  /** What was created is being removed. */
  readonly undoing?: boolean | undefined;
}

/** The notes of unfinished restores. */
export interface RestoreJournal {
  /** Resolves when the entry would survive a power cut. */
  readonly put: (entry: RestoreEntry) => Promise<void>;
  readonly remove: (operation: string) => Promise<void>;
  readonly all: () => Promise<readonly RestoreEntry[]>;
}

/** The label of volumes and networks that a restore has created; its value is the operation. */
export const restoreLabel = "gangway.restore";

/** The name of a container until all of it is restored. */
export function restoreNameFor(container: string, operation: string): string {
  return `${container}.gw-restore-${operation}`;
}
