import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import type { Compression } from "../../core/backup.ts";
import { GangwayError } from "../../lib/errors.ts";
import { tarEnd, tarHeaderFor } from "../../lib/tar-header.ts";
import { paddingFor } from "../../lib/tar-scan.ts";
import { within } from "../../lib/within.ts";

/** A tar archive on its way into a compressed file. */
export interface TarSink {
  /** Writes a member; resolves when `content` is not needed any more. Rejects with `file_failed` where the disk stalls. */
  readonly member: (name: string, content: Buffer) => Promise<void>;
  /** Writes the end, and resolves when the file would survive a power cut. */
  readonly end: () => Promise<void>;
  /** Closes the file; rejects where that fails. */
  readonly close: () => Promise<void>;
  /** Closes the file, whole or not, and waits for that only a little while. */
  readonly leave: () => Promise<void>;
}

/** A disk in the network can stop answering without an error. All in milliseconds. */
export interface SinkLimits {
  /** For the next piece to be taken. */
  readonly idleMs: number;
  /** For a file that is given up to be closed. */
  readonly closeMs: number;
}

export interface SinkOptions {
  readonly compression: Compression;
  /** Milliseconds since 1970: the time of all members. */
  readonly modifiedAt: number;
  readonly limits: SinkLimits;
}

/** What is in the engine's and the system's caches has to get to the disk: gigabytes at times. */
const syncMs = 3_600_000;

/** With each buffer of output that is full there is a switch between threads: small ones cost more than the compression. */
const chunkSize = 1 << 20;
const compressors: Readonly<Record<Exclude<Compression, "none">, () => NodeJS.ReadWriteStream & Writable>> = {
  zstd: () => createZstdCompress({ chunkSize }),
  gzip: () => createGzip({ level: 4, chunkSize }),
};

/** Makes the file at `path`, which must not be there, readable by its owner only. */
export async function openSink(path: string, options: SinkOptions, signal: AbortSignal): Promise<TarSink> {
  signal.throwIfAborted();
  const file = await open(path, "wx", 0o600);
  const target = file.createWriteStream({ autoClose: false, highWaterMark: 1 << 20 });
  return createSink({ path, file, target, ...options }, signal);
}

interface Target {
  readonly path: string;
  readonly file: Pick<FileHandle, "sync" | "close">;
  readonly target: Writable;
}

/** Writes into `target`, which is the open `file`. */
export function createSink(
  { path, file, target, compression, modifiedAt, limits: { idleMs, closeMs } }: Target & SinkOptions,
  signal: AbortSignal,
): TarSink {
  const compressor = compression === "none" ? undefined : compressors[compression]();
  const entrance: Writable = compressor ?? target;
  const done = compressor === undefined ? finished(target, signal) : pipeline(compressor, target, { signal });
  // A stream that breaks while it is compressing never calls back: whoever writes then hears of it by this. A wait for
  // `done` with each write would be kept until the end.
  const broken = new AbortController();
  done.catch((error: unknown) => broken.abort(error));
  const over = AbortSignal.any([signal, broken.signal]);
  const inTime = <Result>(pending: Promise<Result>, ms: number): Promise<Result> => {
    const advice = "look whether the disk of the backup directory is still there";
    const late = () =>
      new GangwayError("file_failed", `${path} took nothing for ${Math.ceil(ms / 1_000)} s; ${advice}`);
    return within(pending, { ms, late }, over);
  };
  const write = async (bytes: Buffer): Promise<void> => {
    if (bytes.length === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    entrance.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    await inTime(promise, idleMs);
  };
  const close = async (): Promise<void> => {
    entrance.destroy();
    target.destroy();
    await file.close();
  };
  return {
    member: async (name, content) => {
      await write(tarHeaderFor({ name, bytes: content.length, modifiedAt }));
      await write(content);
      await write(Buffer.alloc(paddingFor(content.length)));
    },
    end: async () => {
      entrance.end(tarEnd);
      await inTime(done, idleMs);
      await inTime(file.sync(), syncMs);
    },
    close,
    leave: async () => await within(close(), { ms: closeMs, late: () => new Error("late") }).catch(() => {}),
  };
}

/** Resolves when all was written; an abort breaks it off. */
function finished(target: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => void target.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    target.once("finish", resolve).once("error", reject);
    target.once("close", () => signal.removeEventListener("abort", abort));
  });
}

/** The SHA-256 of a text or of bytes, in hex digits. */
export function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
