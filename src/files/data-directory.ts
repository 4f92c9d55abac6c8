import { access, constants, mkdir, stat } from "node:fs/promises";
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

/**
 * Rejects with `file_failed` where `user` is root, and the data directory that of a Gangway of another user's, which could
 * not use the files that root makes in it; not while that one runs, and writes itself what it is asked for. Nothing is made.
 * `user` is absent where the system has no such ids.
 */
export async function refuseForeignRoot(path: string, user: number | undefined): Promise<void> {
  if (user !== 0) return;
  // Whoever has run on it has made the lock; until then it is for whom the directory is.
  const lockOwner = await ownerOf(join(path, lockName));
  const owner = lockOwner ?? (await ownerOf(path)) ?? user;
  if (owner === user) return;
  if (lockOwner !== undefined) {
    using lock = lockFile(join(path, lockName));
    if (lock === undefined) return;
  }
  throw new GangwayError(
    "file_failed",
    `The data directory ${path} is that of user ${owner}, whose Gangway could not use what root makes in it; run this as ` +
      `that user: sudo -u '#${owner}' gangway …`,
  );
}

/** Undefined where there is nothing. */
async function ownerOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );
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
