import type { Readable } from "node:stream";

const mostWaiting = 1 << 20;

/**
 * The pieces of a stream as they arrive, all that came since the last together, without the copy into one that a
 * stream's own iteration makes of those; reading pauses where too many wait. Ends the stream when the iteration ends. Throws what the stream
 * ends with, and where it breaks off.
 */
export async function* flowing(stream: Readable): AsyncGenerator<readonly Buffer[], void, undefined> {
  let pieces: Buffer[] = [];
  let waiting = 0;
  let end: { readonly error?: unknown } | undefined;
  let wake = (): void => {};
  const finish = (ending: { readonly error?: unknown }): void => {
    end ??= ending;
    wake();
  };
  stream.on("data", (piece: Buffer) => {
    pieces.push(piece);
    waiting += piece.length;
    if (waiting >= mostWaiting) stream.pause();
    wake();
  });
  stream.once("end", () => finish({}));
  stream.once("error", (error: unknown) => finish({ error }));
  stream.once("close", () => finish({ error: new Error("it broke off") }));
  try {
    for (;;) {
      while (pieces.length === 0) {
        if (end !== undefined) {
          if ("error" in end) throw end.error;
          return;
        }
        stream.resume();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const batch = pieces;
      pieces = [];
      waiting = 0;
      yield batch;
    }
  } finally {
    stream.destroy();
  }
}
