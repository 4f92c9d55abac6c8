import type { RegistryLimits } from "../core/registry-limit.ts";
import { type Clock, pause } from "../lib/time.ts";

/** Resolves when `registry` may be asked the next question, or when `signal` aborts. */
export type Pace = (registry: string, signal: AbortSignal) => Promise<void>;

interface Bucket {
  readonly tokens: number;
  /** By `Clock.elapsed`. */
  readonly at: number;
}

/** So many questions may come at once, */
const burst = 10;
/** and so many in a second after that. */
const perSecond = 2;

/**
 * A registry that has ever told of a limit, by headers or by a 429, is asked no faster than two questions in a second
 * after ten at once: the check of a big machine should not use up what its owner pulls with. Others are asked as fast as
 * they answer.
 */
export function createPace({
  limits,
  clock,
}: {
  readonly limits: Pick<RegistryLimits, "get">;
  readonly clock: Pick<Clock, "elapsed">;
}): Pace {
  const buckets = new Map<string, Bucket>();
  return async (registry, signal) => {
    if (limits.get(registry) === undefined) return;
    const { bucket, waitMs } = takeFrom(buckets.get(registry), clock.elapsed());
    buckets.set(registry, bucket);
    if (waitMs > 0) await pause(waitMs, signal);
  };
}

/** Takes a token, one that is yet to come where there is none, and tells how long that takes; full at first. */
export function takeFrom(bucket: Bucket = { tokens: burst, at: 0 }, now: number): { bucket: Bucket; waitMs: number } {
  const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond) - 1;
  return { bucket: { tokens, at: now }, waitMs: tokens >= 0 ? 0 : Math.ceil((-tokens / perSecond) * 1_000) };
}
