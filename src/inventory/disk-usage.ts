import { type Disk, diskFactsFrom, diskParts } from "../core/disk.ts";
import type { Inventory } from "../core/ports.ts";
import type { Log } from "../lib/log.ts";
import { pause } from "../lib/time.ts";

export interface DiskUsageDependencies {
  readonly engine: Pick<Disk, "usage">;
  readonly inventory: Pick<Inventory, "node" | "setDisk">;
  readonly log: Log;
}

/** Pauses, in milliseconds. */
interface Pauses {
  /** Let the first look at all containers and the first check pass. */
  readonly settleMs: number;
  /** The engine adds up all files of all volumes for it. */
  readonly intervalMs: number;
}

const usualPauses: Pauses = { settleMs: 30_000, intervalMs: 3_600_000 };
/** While the engine is away, or has not answered in time. */
const retryMs = 300_000;

/**
 * Keeps in the inventory what the engine's disk holds, read once an hour until `signal` aborts. `look` has it read now:
 * something was removed.
 */
export function watchDiskUsage(
  { engine, inventory, log }: DiskUsageDependencies,
  signal: AbortSignal,
  { settleMs, intervalMs }: Pauses = usualPauses,
): { readonly look: () => void } {
  let woken = new AbortController();
  // Also of a look that was asked for during a reading, which may have missed what was removed meanwhile.
  let isAskedFor = false;
  const sleep = async (ms: number): Promise<void> => {
    woken = new AbortController();
    if (!isAskedFor) await pause(ms, AbortSignal.any([signal, woken.signal]));
    isAskedFor = false;
  };
  const read = async (): Promise<boolean> => {
    if (inventory.node().engine === undefined) return false;
    try {
      inventory.setDisk(diskFactsFrom(await engine.usage(diskParts, signal)));
      return true;
    } catch (error) {
      if (!signal.aborted) log.debug({ err: error }, "the use of the disk could not be read");
      return false;
    }
  };
  const run = async (): Promise<void> => {
    await sleep(settleMs);
    while (!signal.aborted) await sleep((await read()) ? intervalMs : Math.min(intervalMs, retryMs));
  };
  void run();
  return {
    look: () => {
      isAskedFor = true;
      woken.abort();
    },
  };
}
