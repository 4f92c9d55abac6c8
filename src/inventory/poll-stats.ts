import PQueue from "p-queue";
import type { Container } from "../core/container.ts";
import { metricsFrom, noMetrics, type StatsSample } from "../core/metrics.ts";
import type { Engine, Inventory } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { every, pause } from "../lib/time.ts";

export interface PollDependencies {
  readonly engine: Pick<Engine, "sample">;
  readonly inventory: Inventory;
  readonly log: Log;
}

const parallelSamples = 8;
/** Let the first publication of everything pass before asking the engine for more. */
const settleMs = 3_000;
/** Engines before 24.0.7 let every call wait for their own collector's next turn: better all for the same turn. */
const firstFastEngine = [24, 0, 7] as const;

/**
 * Reads the counters of all running containers every `intervalMs`, one call each, and puts the metrics into the
 * inventory. A container that has stopped gets empty metrics once.
 */
export async function pollStats(deps: PollDependencies, intervalMs: number, signal: AbortSignal): Promise<void> {
  const before = new Map<string, StatsSample>();
  await pause(settleMs, signal);
  // Rates need two readings: without this one the first figures would come only after two intervals.
  await sweep(deps, before, signal);
  await pause(Math.min(intervalMs, settleMs), signal);
  await every(intervalMs, () => sweep(deps, before, signal), signal);
}

async function sweep(deps: PollDependencies, before: Map<string, StatsSample>, signal: AbortSignal): Promise<void> {
  const { engine, inventory, log } = deps;
  const identity = inventory.node().engine;
  if (identity === undefined || signal.aborted) return;
  const running = inventory.all().flatMap(({ container }) => (hasCounters(container) ? [container] : []));
  silenceStopped(inventory, running);
  const ids = new Set(running.map(({ id }) => id));
  for (const id of before.keys()) if (!ids.has(id)) before.delete(id);
  const queue = new PQueue({ concurrency: isFast(identity.version) ? parallelSamples : Math.max(1, running.length) });
  await queue.addAll(
    running.map(({ id, name, startedAt }) => async () => {
      try {
        const sample = await engine.sample(id, signal);
        if (sample === null || inventory.get(name)?.container.id !== id) return;
        const last = before.get(id);
        before.set(id, sample);
        const sameRun = last !== undefined && startedAt !== null && last.readMs > Date.parse(startedAt);
        inventory.setMetrics(name, metricsFrom(sameRun ? last : undefined, sample));
      } catch (error) {
        if (isErrorWithCode(error, "aborted", "engine_not_found", "engine_unreachable")) return;
        log.debug({ container: name, err: error }, "statistics could not be read");
      }
    }),
  );
}

function hasCounters({ state }: Container): boolean {
  return state === "running" || state === "paused";
}

function silenceStopped(inventory: Inventory, running: readonly Container[]): void {
  const names = new Set(running.map(({ name }) => name));
  for (const { container } of inventory.all()) {
    const known = inventory.metricsOf(container.name);
    if (!names.has(container.name) && known !== undefined && known !== noMetrics) {
      inventory.setMetrics(container.name, noMetrics);
    }
  }
}

function isFast(version: string): boolean {
  const parts = version.split(/[.+-]/).map(Number);
  for (const [index, wanted] of firstFastEngine.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
