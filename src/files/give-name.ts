import { link, lstat, rename, unlink } from "node:fs/promises";
import { codeOf } from "./directory.ts";

/** What file systems answer that have no links: FAT, some in the network, some of FUSE. */
const cannotLink = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Gives the file at `from` the name `to` in the same directory, unless there is one already: false then, and both stay
 * as they are. A rename would take the place of one that came in the last moment; it is only used where the file system
 * has no links. Rejects with the system's errors.
 */
export async function giveName(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!cannotLink.includes(codeOf(error))) throw error;
    if (await isThere(to)) return false;
    await rename(from, to);
    return true;
  }
  await unlink(from);
  return true;
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    },
  );
}
