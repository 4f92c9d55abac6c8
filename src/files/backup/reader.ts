import { createReadStream } from "node:fs";
import { type Duplex, pipeline, type Readable } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import type { Compression } from "../../core/backup.ts";
import { GangwayError } from "../../lib/errors.ts";
import { createTarScanner, type TarMember } from "../../lib/tar-scan.ts";
import { codeOf } from "../directory.ts";

/** What comes out of a backup's file, piece by piece. */
export type Passage =
  | { readonly kind: "member"; readonly member: TarMember }
  | { readonly kind: "content"; readonly piece: Buffer }
  | { readonly kind: "end_of_member" };

/** A damaged or hostile file can ask for a window of any size: ours need 2 MiB, a person's `zstd --ultra` at most this. */
const largestWindow = 27;
/** With each buffer of output that is full there is a switch between threads. */
const chunkSize = 1 << 18;
const decompressors: Readonly<Record<Exclude<Compression, "none">, () => Duplex>> = {
  zstd: () => createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: largestWindow } }),
  gzip: () => createGunzip({ chunkSize }),
};

export interface ReadOptions {
  readonly path: string;
  readonly compression: Compression;
  /** Told how much has been read of the file. */
  readonly onBytes?: (bytes: number) => void;
}

/** Reads the archive in a backup's file. Rejects with `backup_damaged` where it is none. */
export async function* passagesIn(
  { path, compression, onBytes }: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<Passage, void, undefined> {
  let passages: Passage[] = [];
  const scanner = createTarScanner(
    {
      onMember: (member) => passages.push({ kind: "member", member }),
      onContent: (piece) => passages.push({ kind: "content", piece }),
      onMemberEnd: () => passages.push({ kind: "end_of_member" }),
    },
    damaged,
  );
  const file = createReadStream(path, { signal, highWaterMark: 1 << 18 });
  const source: Readable = compression === "none" ? file : pipeline(file, decompressors[compression](), () => {});
  try {
    for await (const chunk of source) {
      scanner.write(chunk as Buffer);
      onBytes?.(file.bytesRead);
      const found = passages;
      passages = [];
      yield* found;
    }
    scanner.end();
    yield* passages;
  } catch (cause) {
    throw readFault(cause, path, signal);
  } finally {
    file.destroy();
    source.destroy();
  }
}

/** A backup that is not what it should be. */
export function damaged(reason: string): GangwayError {
  return new GangwayError("backup_damaged", `The backup is damaged: ${reason}`);
}

function readFault(cause: unknown, path: string, signal: AbortSignal): unknown {
  if (cause instanceof GangwayError) return cause;
  if (signal.aborted) return new GangwayError("aborted", "reading the backup was aborted");
  if (codeOf(cause) === "ENOENT") return new GangwayError("backup_not_found", `There is no backup ${path}`);
  // zlib's own words: `Z_DATA_ERROR`, `ZSTD_error_prefix_unknown`.
  if (/^Z(?:STD)?_/.test(codeOf(cause))) return damaged("it cannot be decompressed");
  return new GangwayError("file_failed", `cannot read ${path}`, { cause });
}
