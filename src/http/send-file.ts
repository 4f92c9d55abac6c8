import { once } from "node:events";
import { ReadStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { basename, dirname } from "node:path";
import type { Readable } from "node:stream";
import { send } from "@fastify/send";
import { GangwayError, hasSystemCode } from "../lib/errors.ts";

/** How a file is answered: 200, 206 or 304 with it, else 404, 412 or 416 without. */
export interface SentFile {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | undefined;
}

const pieceBytes = 1 << 18;
const withoutFile = [404, 412, 416];

/**
 * The file at `path`, or the range of it that `request` asks for (RFC 9110 §13, §14). It is open when this resolves: who
 * removes it then does not break the answer off. Rejects with `file_failed` where it is there and cannot be read.
 */
export async function sendFile(request: IncomingMessage, path: string): Promise<SentFile> {
  const options = {
    root: dirname(path),
    index: false,
    cacheControl: false,
    contentType: false,
    highWaterMark: pieceBytes,
  };
  const { statusCode, headers, stream, type, metadata } = await send(
    request,
    `/${encodeURIComponent(basename(path))}`,
    options,
  );
  if (type !== "file") {
    stream.destroy();
    if (!withoutFile.includes(statusCode)) throw unreadable(path, "error" in metadata ? metadata.error : undefined);
    const range = headers["Content-Range"];
    return { status: statusCode, headers: range === undefined ? {} : { "content-range": range }, body: undefined };
  }
  if (stream instanceof ReadStream) {
    const failure = await once(stream, "open").then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (hasSystemCode(failure?.error, "ENOENT")) return { status: 404, headers: {}, body: undefined };
    if (failure !== undefined) throw unreadable(path, failure.error);
  }
  return { status: statusCode, headers: { ...headers, "content-type": "application/octet-stream" }, body: stream };
}

function unreadable(path: string, cause: unknown): GangwayError {
  return new GangwayError("file_failed", `Could not read ${path}`, { cause });
}
