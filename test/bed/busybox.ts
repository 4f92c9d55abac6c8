import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { findProgram } from "./programs.ts";

/** Where the bed keeps what is costly to make. */
export function cacheDirectory(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "gangway-bed");
}

const cached = () => join(cacheDirectory(), "busybox");

/** A busybox that needs no libraries, for images that hold nothing else: the machine's own, or the one kept here. */
export function findBusybox(): string | undefined {
  return [findProgram("busybox"), cached()].find((path) => path !== undefined && isStatic(path));
}

/** A dynamic program names its loader: `/lib64/ld-…`. */
function isStatic(path: string): boolean {
  try {
    return !/\/lib(?:64|32)?\/ld-/.test(readFileSync(path, "latin1"));
  } catch {
    return false;
  }
}

/** Keeps a busybox for machines that have none. */
export async function keepBusybox(program: Buffer): Promise<void> {
  await mkdir(dirname(cached()), { recursive: true });
  await writeFile(cached(), program, { mode: 0o755 });
}
