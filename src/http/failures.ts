import { holderOf } from "../lib/addresses.ts";
import { type Clock, pause } from "../lib/time.ts";

/** Who has shown wrong credentials lately. IPv6 addresses count by their network: whoever has one has 2^64. */
export interface Failures {
  /** Has `address` so many answers outstanding that its next credentials are not even looked at? */
  readonly isFull: (address: string) => boolean;
  /** Notes wrong credentials, before it returns, and resolves when the answer may go: later with each. */
  readonly note: (address: string, signal: AbortSignal) => Promise<void>;
}

interface Failure {
  count: number;
  waiting: number;
  /** By `Clock.elapsed`. */
  last: number;
}

/** Whoever mistypes twice is not slowed. */
const free = 2;
const firstMs = 250;
const longestMs = 3_000;
const mostWaiting = 4;
const mostAddresses = 1_000;
const forgottenAfterMs = 600_000;

/**
 * Slows down those who try keys: from the third wrong one within ten minutes the answer waits, up to three seconds, and
 * only four at a time are looked at. A right key is not slowed by wrong ones that have had their answer.
 */
export function createFailures({ clock }: { readonly clock: Pick<Clock, "elapsed"> }): Failures {
  /** The one that failed longest ago first. */
  const failures = new Map<string, Failure>();
  const current = (holder: string): Failure | undefined => {
    const found = failures.get(holder);
    const isOld = found !== undefined && found.waiting === 0 && clock.elapsed() - found.last > forgottenAfterMs;
    if (isOld) failures.delete(holder);
    return isOld ? undefined : found;
  };
  return {
    isFull: (address) => (current(holderOf(address))?.waiting ?? 0) >= mostWaiting,
    note: async (address, signal) => {
      const holder = holderOf(address);
      const failure = current(holder) ?? { count: 0, waiting: 0, last: 0 };
      failure.count += 1;
      failure.last = clock.elapsed();
      failures.delete(holder);
      failures.set(holder, failure);
      const [oldest] = failures.keys();
      if (failures.size > mostAddresses && oldest !== undefined) failures.delete(oldest);
      if (failure.count <= free) return;
      failure.waiting += 1;
      await pause(Math.min(longestMs, firstMs * 2 ** Math.min(failure.count - free - 1, 10)), signal);
      failure.waiting -= 1;
    },
  };
}
