import { once } from "node:events";
import { ReadStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { basename, dirname } from "node:path";
import type { Readable } from "node:stream";
import { send } from "@fastify/send";

/** How a file is answered: 200, 206 or 304 with it, else 404, 412 or 416 without. */
export interface SentFile {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | undefined;
}

const pieceBytes = 1 << 18;

/**
 * The file at `path`, or the range of it that `request` asks for (RFC 9110 §13, §14). It is open when this resolves: who
 * removes it then does not break the answer off.
 */
export async function sendFile(request: IncomingMessage, path: string): Promise<SentFile> {
  const options = {
    root: dirname(path),
    index: false,
    cacheControl: false,
    contentType: false,
    highWaterMark: pieceBytes,
  };
  const { statusCode, headers, stream, type } = await send(request, `/${encodeURIComponent(basename(path))}`, options);
  if (type !== "file") {
    stream.destroy();
    const range = headers["Content-Range"];
    return { status: statusCode, headers: range === undefined ? {} : { "content-range": range }, body: undefined };
  }
  if (stream instanceof ReadStream) {
    const isOpen = await once(stream, "open").then(
      () => true,
      () => false,
    );
    if (!isOpen) return { status: 404, headers: {}, body: undefined };
  }
  return { status: statusCode, headers: { ...headers, "content-type": "application/octet-stream" }, body: stream };
}
