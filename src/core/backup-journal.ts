/** How a container is kept from writing while it is backed up. */
export type HaltDeed = "stop" | "pause";

/** A container that ran before, and is to run again. */
export interface Halt {
  readonly container: string;
  /** Whoever made another one of this name since decides about that one. */
  readonly id: string;
  readonly deed: HaltDeed;
  /** When it was started: the same time later means that it was never stopped. */
  readonly startedAt: string;
}

/**
 * How far a backup has come. A step is noted before it is taken.
 * - `preparing`: nothing is touched yet.
 * - `halting`: containers are being stopped or paused; `begun` says how many.
 * - `reading`: all are; their data is read.
 * - `writing`: they run again; what was read is written and proven.
 */
export const backupSteps = ["preparing", "halting", "reading", "writing"] as const;
export type BackupStep = (typeof backupSteps)[number];

/** A backup under way, with all that is needed to leave no trace of it but the containers as they were. */
export interface BackupEntry {
  readonly schema: 1;
  readonly kind: "backup";
  /** Eight hex digits: also the end of the helper container's name. */
  readonly operation: string;
  /** The id under which the result is published. */
  readonly id: string;
  readonly node: string;
  readonly container: string;
  /** What it is a step of; absent: it was asked for by itself. */
  readonly command?: "update" | "restore";
  readonly startedAt: string;
  readonly step: BackupStep;
  /** In the order in which they are to be started again. */
  readonly halts: readonly Halt[];
  /** How many of them, from the last to the first, were begun to be stopped or paused. */
  readonly begun: number;
  /** The name of the file that is not whole yet. */
  readonly partial: string;
}

/** The notes of unfinished backups. */
export interface BackupJournal {
  /** Resolves when the entry would survive a power cut. */
  readonly put: (entry: BackupEntry) => Promise<void>;
  readonly remove: (operation: string) => Promise<void>;
  readonly all: () => Promise<readonly BackupEntry[]>;
}
