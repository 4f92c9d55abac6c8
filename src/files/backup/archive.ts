import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { BackupArchive } from "../../core/vault.ts";
import { GangwayError } from "../../lib/errors.ts";
import { tarEnd, tarHeadersFor } from "../../lib/tar-header.ts";
import { paddingFor } from "../../lib/tar-scan.ts";
import { codeOf } from "../directory.ts";

interface OpenFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly header: Buffer;
}

const pieceBytes = 1 << 18;

/**
 * One plain tar archive of these files; they are compressed already. All are opened before the first byte goes out, so
 * that its length is known, and none is missed that retention removes meanwhile.
 */
export async function openArchive(files: readonly { readonly path: string }[]): Promise<BackupArchive> {
  const opened: OpenFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map(({ handle }) => handle.close()));
  };
  try {
    for (const { path } of files) opened.push(await openFile(path));
  } catch (error) {
    await close();
    throw error;
  }
  const bytes = opened.reduce((sum, file) => sum + file.header.length + file.bytes + paddingFor(file.bytes), 0);
  return { bytes: bytes + tarEnd.length, content: contentOf([...opened], close), [Symbol.asyncDispose]: close };
}

async function openFile(path: string): Promise<OpenFile> {
  const handle = await open(path, "r").catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new GangwayError("backup_not_found", `There is no backup ${JSON.stringify(basename(path))}`);
  });
  try {
    const { size: bytes, mtimeMs: modifiedAt } = await handle.stat();
    return { handle, bytes, header: tarHeadersFor({ name: basename(path), bytes, modifiedAt }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* contentOf(
  files: readonly OpenFile[],
  close: () => Promise<void>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for (const { handle, bytes, header } of files) {
      yield header;
      for (let at = 0; at < bytes; ) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(pieceBytes, bytes - at)), 0, null, at);
        if (bytesRead === 0) throw new GangwayError("file_failed", "a backup has become shorter while it was read");
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
      yield Buffer.alloc(paddingFor(bytes));
    }
    yield tarEnd;
  } finally {
    await close();
  }
}
