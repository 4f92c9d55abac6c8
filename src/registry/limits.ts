import { isDeepStrictEqual } from "node:util";
import PQueue from "p-queue";
import { longestCoolDownMs, type RegistryLimits, remainingMs } from "../core/registry-limit.ts";
import type { Log } from "../lib/log.ts";
import { backoff, type Clock } from "../lib/time.ts";
import type { Answer } from "./exchange.ts";
import type { Pace } from "./pace.ts";
import { quotaFrom } from "./quota.ts";

const shortestMs = 1_000;
/** Where a registry does not say how long. */
const firstMs = 60_000;
/** The same figures again are not worth a note for so long. */
const toldAgainMs = 60_000;

/** Registries that have asked to be left alone for a while, and what they tell of their limits. */
export interface CoolDowns {
  /** Milliseconds until `registry` may be asked again; 0 for now. */
  readonly remainingMs: (registry: string) => number;
  /** Starts a cool-down, or makes the running one longer; gives its length from now, in milliseconds. */
  readonly begin: (registry: string, wishedMs: number | undefined) => number;
  /** The registry has answered: the next cool-down is a short one again. */
  readonly forget: (registry: string) => void;
  /** Notes the quota that an answer of the registry tells. */
  readonly note: (registry: string, answer: Pick<Answer, "header">) => void;
}

/**
 * A cool-down is what the registry wished, between a second and an hour; without a wish a minute, doubled each time that
 * the registry refuses again after one. The log says once of each that it has begun.
 */
export function createCoolDowns({
  limits,
  clock,
  log,
  random,
}: {
  readonly limits: Pick<RegistryLimits, "get" | "put">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "warn">;
  readonly random?: () => number;
}): CoolDowns {
  const left = (registry: string): number => remainingMs(limits.get(registry)?.coolDown, clock.now());
  return {
    remainingMs: left,
    begin: (registry, wishedMs) => {
      const now = clock.now();
      const known = limits.get(registry);
      const running = left(registry);
      // Several requests were under way when the first was refused: together they are one attempt.
      const attempt = known?.coolDown === undefined ? 0 : known.coolDown.attempt + (running > 0 ? 0 : 1);
      const wished = wishedMs ?? backoff(attempt, firstMs, longestCoolDownMs, random);
      const ms = Math.ceil(Math.max(running, Math.min(longestCoolDownMs, Math.max(shortestMs, wished))));
      // One that is made longer is the same one still.
      const since = running > 0 ? (known?.coolDown?.since ?? now) : now;
      limits.put(registry, { ...known, toldAt: now, coolDown: { since, until: now + ms, attempt } });
      if (running === 0) {
        const fields = { registry, until: new Date(now + ms).toISOString() };
        log.warn(fields, "a registry limits how often it may be asked; it is left alone until then");
      }
      return ms;
    },
    forget: (registry) => {
      const { coolDown, ...known } = limits.get(registry) ?? { toldAt: 0 };
      if (coolDown !== undefined && left(registry) === 0) limits.put(registry, known);
    },
    note: (registry, answer) => {
      const quota = quotaFrom(answer);
      if (quota === undefined) return;
      const known = limits.get(registry);
      const passed = clock.now() - (known?.toldAt ?? 0);
      const isNews = !isDeepStrictEqual(known?.quota, quota) || passed < 0 || passed >= toldAgainMs;
      if (isNews) limits.put(registry, { ...known, toldAt: clock.now(), quota });
    },
  };
}

/** Runs `task` when it is its turn; rejects with the signal's reason where that aborts first. */
export type InTurn = <Result>(registry: string, task: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;

/**
 * At most `overall` tasks at once, at most `perRegistry` of them for the same registry, and those no faster than `pace`
 * says. Who waits for that keeps nobody from asking other registries.
 */
export function createTurns(overall: number, perRegistry: number, pace: Pace): InTurn {
  const all = new PQueue({ concurrency: overall });
  const queues = new Map<string, PQueue>();
  return (registry, task, signal) => {
    const own = queues.get(registry) ?? new PQueue({ concurrency: perRegistry });
    queues.set(registry, own);
    const paced = async () => {
      await pace(registry, signal);
      return await all.add(task, { signal });
    };
    return own.add(paced, { signal });
  };
}
