import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { createInterface } from "node:readline";

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** What it wrote to standard output, by lines. */
  readonly lines: readonly string[];
}

/** Node's arguments for running `source` as a module. */
export function nodeArguments(source: string): readonly string[] {
  return ["--input-type=module", "-e", source];
}

/** Runs a child until it ends by itself, or kills it (SIGKILL) as soon as `stop` resolves. */
export async function runChild(command: string, args: readonly string[], stop?: Promise<void>): Promise<Ended> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  void stop?.then(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  return { code: await closed, lines };
}

/**
 * Resolves at the `count`-th change in `directory` from now on. Changes are seen while files are being written, so what
 * is killed then is killed in the middle of a write.
 */
export function changesIn(directory: string, count: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    const watcher = watch(directory, () => {
      seen += 1;
      if (seen < count) return;
      watcher.close();
      resolve();
    });
  });
}
