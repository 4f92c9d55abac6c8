import type { BackupManifest, BackupPlan, Compression, PartRecord } from "./backup.ts";
import type { KeptBackup } from "./backup-retention.ts";

/** The backups in the backup directory: types only. Every call rejects with `file_failed`, or as it says. */
export interface Vault {
  /**
   * Begins a backup with what the plan says; the time in its name is the plan's, or the first second after it that is
   * free. `note` is told the name of the file before there is one. Rejects with `aborted` once `signal` has aborted, and
   * so does the draft.
   */
  readonly begin: (request: BackupRequest, signal: AbortSignal) => Promise<BackupDraft>;
  /** All whole ones, the newest first. */
  readonly list: () => Promise<readonly BackupFile[]>;
  /**
   * Reads a backup from its first byte to its last, and resolves where it is what its manifest says. Rejects with
   * `backup_damaged` where it is not, and with `backup_not_found` where there is none of this name. `onBytes` is told
   * how much has been read of the file.
   */
  readonly verify: (file: string, onBytes: (bytes: number) => void, signal: AbortSignal) => Promise<VerifiedBackup>;
  /** The plan of a backup; nothing is proven of the rest. Rejects as `verify` does. */
  readonly planOf: (file: string, signal: AbortSignal) => Promise<BackupPlan>;
  /**
   * The parts of a backup that was verified, in their order. Each content is to be read, or left, before the next part is
   * asked for; it rejects with `backup_damaged` where it is not what the manifest says.
   */
  readonly parts: (file: string, manifest: BackupManifest, signal: AbortSignal) => AsyncIterable<StoredPart>;
  readonly remove: (file: string) => Promise<void>;
  /** Takes in a whole backup that was made elsewhere: it has its name only when it is proven. */
  readonly receive: (upload: Upload, signal: AbortSignal) => Promise<Received>;
  /** Where the file of a backup is. Rejects with `backup_not_found` where that is no backup's name. */
  readonly pathOf: (file: string) => Promise<string>;
  /** One tar archive of several. Rejects with `backup_not_found` where one of them is not there. */
  readonly archive: (files: readonly string[]) => Promise<BackupArchive>;
  /** What is still free on the disk. */
  readonly freeBytes: () => Promise<number>;
  /** Removes what an interrupted backup has left; `partial` is a draft's. */
  readonly discard: (partial: string) => Promise<void>;
  /** Removes what is left of backups that nobody has written to for a while. */
  readonly clear: () => Promise<void>;
}

/** A part of a backup, as its archive. */
export interface StoredPart {
  readonly name: string;
  readonly content: AsyncIterable<Buffer>;
}

export interface BackupRequest {
  readonly plan: BackupPlan;
  readonly compression: Compression;
  readonly note?: (partial: string) => Promise<void>;
}

/** A backup that is being written. Disposing of it removes what is not whole. */
export interface BackupDraft extends AsyncDisposable {
  /**
   * Adds a part. Rejects with `backup_failed` where `content` is no whole tar archive; `onBytes` is told how many bytes
   * of it have been written.
   */
  readonly add: (part: string, content: AsyncIterable<Buffer>, onBytes: (bytes: number) => void) => Promise<PartRecord>;
  /** Ends the backup and resolves when it survives a power cut, has been read back, and has its name. */
  readonly finish: () => Promise<VerifiedBackup & BackupFile>;
}

export interface BackupFile extends KeptBackup {
  readonly compression: Compression;
  readonly bytes: number;
}

export interface VerifiedBackup {
  readonly plan: BackupPlan;
  readonly manifest: BackupManifest;
}

/** A backup's file that somebody brings. */
export interface Upload {
  /** What it is to be called: a backup's name. */
  readonly file: string;
  readonly content: AsyncIterable<Buffer>;
  /** Bytes, where they are known before. */
  readonly bytes: number | undefined;
  /** Bytes: more are refused. */
  readonly most: number;
}

/** What became of an upload; but for `received` nothing of it is left. A damaged one rejects with `backup_damaged`. */
export type Received =
  | { readonly kind: "received"; readonly backup: BackupFile }
  /** There is a backup of this name, or one is being made. */
  | { readonly kind: "exists" }
  | { readonly kind: "too_large" }
  /** Bytes that are free on the disk. */
  | { readonly kind: "no_room"; readonly free: number }
  /** Its plan is another container's, or of another time, than its name says. */
  | { readonly kind: "other_name"; readonly reason: string };

/** Backups in one tar archive; disposing of it, or reading it to its end, closes their files. */
export interface BackupArchive extends AsyncDisposable {
  /** The length of the archive. */
  readonly bytes: number;
  readonly content: AsyncIterable<Buffer>;
}
