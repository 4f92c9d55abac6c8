import { setTimeout as timer } from "node:timers/promises";
import { GangwayError } from "./errors.ts";

/** The time, as a parameter: tests give their own. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds since some moment: goes on evenly, whatever becomes of the wall clock. */
  readonly elapsed: () => number;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };

/** Resolves after `ms` milliseconds; rejects with code `aborted` as soon as `signal` aborts. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(ms, undefined, { signal });
  } catch (cause) {
    throw new GangwayError("aborted", "the wait was aborted", { cause });
  }
}

/** Like `delay`, but an abort ends the wait instead of failing it: for loops that test `signal.aborted` themselves. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(running);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const running = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

/** A signal that aborts with `signal`, or after `ms` milliseconds, whichever is first. */
export function deadline(ms: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/** Calls `task` every `ms` milliseconds until the signal aborts; a call still running when its turn comes skips that turn. */
export async function every(ms: number, task: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const started = performance.now();
    await task();
    const elapsed = performance.now() - started;
    const turns = Math.floor(elapsed / ms) + 1;
    await pause(turns * ms - elapsed, signal);
  }
}

/** The wait before the n-th retry (n from 0): doubles from `firstMs` to `maxMs`, with up to a quarter taken off at random. */
export function backoff(attempt: number, firstMs: number, maxMs: number, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (1 - random() / 4));
}

/** Resolves when `signal` has aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
