import { mkdir, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** What file systems answer that cannot flush a directory; they have nothing to flush. */
const cannotFlush = ["EINVAL", "ENOTSUP"];

/** Makes the renames and removals in `directory` survive a power cut. */
export async function flushDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync().catch((error: unknown) => {
    if (!cannotFlush.includes(codeOf(error))) throw error;
  });
}

/** Makes `directory`, readable by its owner only, where it is missing, and so that it survives a power cut. */
export async function ensureDirectory(directory: string): Promise<void> {
  const wanted = resolve(directory);
  const first = await mkdir(wanted, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const above = dirname(first);
  for (let made = wanted; made !== above; made = dirname(made)) await flushDirectory(dirname(made));
}

/** The system's code of a failed file operation (`ENOENT`), or the empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
