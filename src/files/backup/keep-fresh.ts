import { utimes } from "node:fs/promises";

/**
 * Gives the file at `path` the time of now every `everyMs` milliseconds, until it is disposed of: it can wait long for
 * something to be written, and another process would take it for one that was abandoned.
 */
export function keepFresh(path: string, everyMs: number): Disposable {
  let isUnderWay = false;
  const touch = async (): Promise<void> => {
    if (isUnderWay) return;
    isUnderWay = true;
    const now = new Date();
    // Where it is not there, or the disk does not answer, the writing fails too.
    await utimes(path, now, now).catch(() => {});
    isUnderWay = false;
  };
  const timer = setInterval(() => void touch(), everyMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
