import type { ContainerInspect } from "../core/inspect.ts";
import { labelsFrom } from "../core/labels.ts";
import type { Engine } from "../core/ports.ts";
import { type Observation, observationFrom, readinessOf } from "../core/readiness.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";
import { type Clock, delay } from "../lib/time.ts";
import type { Report } from "./runner.ts";

export interface GateSettings {
  /** The least time that a container gets to become healthy. */
  readonly healthTimeoutMs: number;
  /** How long one without a health check must stay up. */
  readonly stableForMs: number;
}

export interface GateDependencies {
  readonly engine: Pick<Engine, "inspect">;
  readonly gate: GateSettings;
  readonly clock: Clock;
}

export type GateVerdict =
  | { readonly kind: "ready"; readonly inspect: ContainerInspect }
  | { readonly kind: "failed"; readonly reason: string };

const pollMs = 500;
/** How long an engine may be away while a container is being watched: it may be restarting. */
const longestOutageMs = 120_000;

/** Watches a container that was just started until it can be said whether it works. */
export async function passGate(
  deps: GateDependencies,
  id: string,
  report: Report,
  signal: AbortSignal,
): Promise<GateVerdict> {
  const { engine, gate, clock } = deps;
  const observations: Observation[] = [];
  let lastAnswer = clock.elapsed();
  for (;;) {
    try {
      const inspect = await engine.inspect(id, signal);
      lastAnswer = clock.elapsed();
      observations.push(observationFrom(inspect, lastAnswer));
      const timeoutMs = labelsFrom(inspect.Config.Labels ?? {}).healthTimeoutMs ?? gate.healthTimeoutMs;
      const verdict = readinessOf(observations, inspect.Config.Healthcheck ?? undefined, { ...gate, timeoutMs });
      if (verdict.kind === "ready") return { kind: "ready", inspect };
      if (verdict.kind === "failed") return verdict;
      report({ phase: "verifying", secondsLeft: verdict.secondsLeft });
    } catch (error) {
      if (isErrorWithCode(error, "engine_not_found")) return { kind: "failed", reason: "it has vanished" };
      const mayReturn = isErrorWithCode(error, "engine_unreachable", "timeout", "engine_failed");
      if (!mayReturn || clock.elapsed() - lastAnswer > longestOutageMs) throw error;
    }
    if (signal.aborted) throw new GangwayError("aborted", "the new container is still being verified");
    await delay(pollMs, signal);
  }
}
