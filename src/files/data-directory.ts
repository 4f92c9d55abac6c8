import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GangwayError } from "../lib/errors.ts";
import { pause } from "../lib/time.ts";

const lockName = "gangway.lock";
/** What SQLite says where somebody else has the lock: https://www.sqlite.org/rescode.html#busy */
const busy = 5;
const pollMs = 200;

/**
 * Makes the data directory, if need be, and takes it for this process alone: two that write its files, or carry out
 * operations by its journal, would undo what the other does. Resolves to undefined where another process still has it
 * after `waitMs`. Rejects with `file_failed`.
 */
export async function takeDataDirectory(
  path: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<Disposable | undefined> {
  await makeDataDirectory(path);
  for (let left = waitMs; ; left -= pollMs) {
    const lock = lockFile(join(path, lockName));
    if (lock !== undefined || left <= 0 || signal.aborted) return lock;
    await pause(pollMs, signal);
  }
}

async function makeDataDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const message = `The data directory ${path} cannot be made or written by this user; make it theirs, or set data_dir`;
    throw new GangwayError("file_failed", message, { cause });
  }
}

/**
 * SQLite's lock on a file that nothing is ever written to: Node.js has no other one that the kernel gives back when the
 * process dies, however it dies, and that holds between containers that share a volume.
 */
function lockFile(path: string): Disposable | undefined {
  try {
    const database = new DatabaseSync(path);
    try {
      database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      database.close();
      throw error;
    }
    return { [Symbol.dispose]: () => database.close() };
  } catch (cause) {
    if ((cause as { readonly errcode?: number }).errcode === busy) return undefined;
    throw new GangwayError("file_failed", `The data directory cannot be locked by ${path}`, { cause });
  }
}
