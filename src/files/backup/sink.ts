import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import type { Compression } from "../../core/backup.ts";
import { tarEnd, tarHeaderFor } from "../../lib/tar-header.ts";
import { paddingFor } from "../../lib/tar-scan.ts";

/** A tar archive on its way into a compressed file. */
export interface TarSink {
  /** Writes a member; resolves when `content` is not needed any more. */
  readonly member: (name: string, content: Buffer) => Promise<void>;
  /** Writes the end, and resolves when the file would survive a power cut. */
  readonly end: () => Promise<void>;
  /** Closes the file, whole or not. */
  readonly close: () => Promise<void>;
}

const compressors: Readonly<Record<Exclude<Compression, "none">, () => NodeJS.ReadWriteStream & Writable>> = {
  zstd: () => createZstdCompress(),
  gzip: () => createGzip({ level: 4 }),
};

/** Makes the file at `path`, which must not be there, readable by its owner only. */
export async function openSink(
  path: string,
  { compression, modifiedAt }: { readonly compression: Compression; readonly modifiedAt: number },
  signal: AbortSignal,
): Promise<TarSink> {
  signal.throwIfAborted();
  const file = await open(path, "wx", 0o600);
  const target = file.createWriteStream({ autoClose: false, highWaterMark: 1 << 20 });
  const compressor = compression === "none" ? undefined : compressors[compression]();
  const entrance: Writable = compressor ?? target;
  const done = compressor === undefined ? finished(target, signal) : pipeline(compressor, target, { signal });
  // Who writes, or ends, hears of it.
  done.catch(() => {});
  const write = async (bytes: Buffer): Promise<void> => {
    if (bytes.length === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    entrance.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    // A stream that breaks while it is compressing never calls back, but the whole ends.
    await Promise.race([promise, done.then(() => promise)]);
  };
  return {
    member: async (name, content) => {
      await write(tarHeaderFor({ name, bytes: content.length, modifiedAt }));
      await write(content);
      await write(Buffer.alloc(paddingFor(content.length)));
    },
    end: async () => {
      entrance.end(tarEnd);
      await done;
      await file.sync();
    },
    close: async () => {
      entrance.destroy();
      target.destroy();
      await file.close();
    },
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
