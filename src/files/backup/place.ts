import { statfs } from "node:fs/promises";
import { ensureDirectory } from "../directory.ts";
import type { SinkLimits } from "./sink.ts";

export interface VaultLimits extends SinkLimits {
  /** Between two signs of life of a file that is not whole: nothing may be written to it for long. */
  readonly freshMs: number;
}

/** The directory, and the files in it that are being made here. */
export interface Place {
  readonly directory: string;
  readonly open: Set<string>;
  readonly limits: VaultLimits;
  /** Whose uploads are its own: another Gangway may share the directory. */
  readonly owner: string;
  /** What is still free on the disk. */
  readonly freeBytes: () => Promise<number>;
}

/** What is still free on the disk of `directory`. */
export async function freeBytesOf(directory: string): Promise<number> {
  await ensureDirectory(directory);
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
