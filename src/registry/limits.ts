import PQueue from "p-queue";
import { backoff, type Clock } from "../lib/time.ts";

const shortestMs = 1_000;
const longestMs = 3_600_000;
/** Where a registry does not say how long. */
const firstMs = 60_000;

/** Registries that have asked to be left alone for a while. */
export interface CoolDowns {
  /** Milliseconds until `registry` may be asked again; 0 for now. */
  readonly remainingMs: (registry: string) => number;
  /** Starts a cool-down, or makes the running one longer; gives its length from now, in milliseconds. */
  readonly begin: (registry: string, wishedMs: number | undefined) => number;
  /** The registry has answered: the next cool-down is a short one again. */
  readonly forget: (registry: string) => void;
}

interface CoolDown {
  readonly since: number;
  readonly ms: number;
  readonly attempt: number;
}

/**
 * A cool-down is what the registry wished, between a second and an hour; without a wish a minute, doubled each time that
 * the registry refuses again after one. Kept in memory only.
 */
export function createCoolDowns({
  clock,
  random,
}: {
  readonly clock: Pick<Clock, "now">;
  readonly random?: () => number;
}): CoolDowns {
  const running = new Map<string, CoolDown>();
  const remainingMs = (registry: string): number => {
    const found = running.get(registry);
    const passed = found === undefined ? 0 : clock.now() - found.since;
    // A clock that was set back must not make the wait longer.
    return found === undefined || passed < 0 ? 0 : Math.max(0, found.ms - passed);
  };
  return {
    remainingMs,
    begin: (registry, wishedMs) => {
      const left = remainingMs(registry);
      const before = running.get(registry);
      // Several requests were under way when the first was refused: together they are one attempt.
      const attempt = before === undefined ? 0 : before.attempt + (left > 0 ? 0 : 1);
      const wished = wishedMs ?? backoff(attempt, firstMs, longestMs, random);
      const ms = Math.max(left, Math.min(longestMs, Math.max(shortestMs, wished)));
      running.set(registry, { since: clock.now(), ms, attempt });
      return ms;
    },
    forget: (registry) => {
      if (remainingMs(registry) === 0) running.delete(registry);
    },
  };
}

/** Runs `task` when it is its turn; rejects with the signal's reason where that aborts first. */
export type InTurn = <Result>(registry: string, task: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;

/** At most `overall` tasks at once, and at most `perRegistry` of them for the same registry. */
export function createTurns(overall: number, perRegistry: number): InTurn {
  const all = new PQueue({ concurrency: overall });
  const queues = new Map<string, PQueue>();
  return (registry, task, signal) => {
    const own = queues.get(registry) ?? new PQueue({ concurrency: perRegistry });
    queues.set(registry, own);
    return own.add(() => all.add(task, { signal }), { signal });
  };
}
