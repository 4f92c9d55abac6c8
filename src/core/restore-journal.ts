import type { BackupEntry } from "./backup-journal.ts";
import type { Retag } from "./journal.ts";

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
  /** Names of what is created, or is going to be; and of what the container has whose place is taken. */
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** Of the new container, once the engine has said it. */
  readonly newId?: string | undefined;
  /** It has its name: all that was created is the user's now. */
  readonly named?: boolean | undefined;
  /** What was created is being removed. */
  readonly undoing?: boolean | undefined;
  /** The ids of the images that containers are created from, or may be again. */
  readonly images?: readonly string[] | undefined;
  /** Local tags that are to be given back to their images. */
  readonly retags?: readonly Retag[] | undefined;
  /** Where it takes the place of what was there. */
  readonly replaced?: ReplacedEntry | undefined;
}

/**
 * What a restore takes the place of. Nothing of it is removed before `safety` is noted; what is noted of `halts` lets the
 * container run again as it did.
 */
export interface ReplacedEntry extends Pick<BackupEntry, "halts" | "begun"> {
  /** The container that had the name; absent where there were only volumes. */
  readonly oldId?: string | undefined;
  /** The backup of what was there: whole, and read back. */
  readonly safety?: string | undefined;
  /** The volumes whose removal was begun: where one is there without the operation's label, its data may be gone. */
  readonly removing?: readonly string[] | undefined;
  /** Is the new container to be started? */
  readonly start: boolean;
  /** Of the container that was made anew from `safety`. */
  readonly returnedId?: string | undefined;
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

/** The ids of the images that restores which have not ended need. */
export function imagesOfRestores(entries: readonly RestoreEntry[]): readonly string[] {
  return entries.flatMap(({ images = [], retags = [] }) => [
    ...images,
    ...retags.flatMap(({ imageId }) => imageId ?? []),
  ]);
}

/** What stands for a volume among the names that operations wait for each other at. No container has such a name. */
export function volumeLockFor(volume: string): string {
  return `/volume/${volume}`;
}
