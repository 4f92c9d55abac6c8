import { healthFrom } from "./container.ts";
import type { ContainerInspect, ContainerStateName, Healthcheck, HealthState } from "./inspect.ts";

/** What was seen of a container at one moment. */
export interface Observation {
  /** When it was seen: milliseconds on any clock that does not go back. */
  readonly timeMs: number;
  readonly state: ContainerStateName;
  readonly health: HealthState;
  /** The engine's text; another one means another run. */
  readonly startedAt: string;
  readonly restartCount: number;
  /** Set while the engine waits to start it again; its `State.Running` is true then. */
  readonly restarting: boolean;
  /** Will its restart policy start it again if this is its end? */
  readonly restartable: boolean;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** The engine's own words for a failed start; empty where there are none. */
  readonly error: string;
}

export interface ReadinessSettings {
  /** The least time to become ready; the health check's own budget is added where it is longer. */
  readonly timeoutMs: number;
  /** How long a container without a health check must stay up. */
  readonly stableForMs: number;
}

export type Readiness =
  /** `secondsLeft` until it fails if nothing changes, at least 0. */
  | { readonly kind: "waiting"; readonly secondsLeft: number }
  | { readonly kind: "ready" }
  /** `reason` continues a sentence: "it exited with code 1". */
  | { readonly kind: "failed"; readonly reason: string };

/** The engine's defaults for what a health check leaves open (moby, daemon/health.go). */
const defaultIntervalMs = 30_000;
const defaultTimeoutMs = 30_000;
const defaultRetries = 3;
const nsPerMs = 1_000_000;
/** For the engine's own work: it looks after the probe, not on the dot. */
const marginMs = 15_000;
/** So many restarts while it is watched are a crash loop. */
const crashLoop = 3;

/** An inspect answer of the new container, seen at `timeMs`. */
export function observationFrom({ State, HostConfig, RestartCount }: ContainerInspect, timeMs: number): Observation {
  const { Name: policy = "no", MaximumRetryCount: limit = 0 } = HostConfig.RestartPolicy ?? {};
  const onFailure = policy === "on-failure" && State.ExitCode !== 0 && (limit === 0 || RestartCount < limit);
  return {
    timeMs,
    state: State.Status,
    health: healthFrom(State.Health?.Status),
    startedAt: State.StartedAt,
    restartCount: RestartCount,
    restarting: State.Restarting,
    restartable: policy === "always" || policy === "unless-stopped" || onFailure,
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    error: State.Error,
  };
}

/**
 * Whether the new container works, from all that was seen of it since it was started (oldest first) and from its own
 * health check. The time-out runs from the first observation.
 */
export function readinessOf(
  observations: readonly Observation[],
  healthcheck: Healthcheck | undefined,
  settings: ReadinessSettings,
): Readiness {
  const first = observations[0];
  const last = observations.at(-1);
  const check = isEffective(healthcheck) ? healthcheck : undefined;
  const timeoutMs = timeoutFor(check, settings);
  if (first === undefined || last === undefined) return { kind: "waiting", secondsLeft: Math.ceil(timeoutMs / 1000) };
  const end = endOf(observations, first, last);
  if (end !== undefined) return { kind: "failed", reason: end };
  if (isReady(observations, last, check, settings)) return { kind: "ready" };
  const deadline = Math.min(first.timeMs + timeoutMs, graceEndOf(observations, check));
  if (last.timeMs >= deadline)
    return { kind: "failed", reason: reasonAtDeadline(last, check, last.timeMs - first.timeMs) };
  return { kind: "waiting", secondsLeft: Math.ceil((deadline - last.timeMs) / 1000) };
}

function isEffective(healthcheck: Healthcheck | undefined): boolean {
  const test = healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== "NONE";
}

/** How long the container gets: the configured time, or as long as its health check may take to come to a verdict. */
function timeoutFor(check: Healthcheck | undefined, { timeoutMs, stableForMs }: ReadinessSettings): number {
  if (check === undefined) return Math.max(timeoutMs, stableForMs + marginMs);
  const startPeriodMs = (check.StartPeriod ?? 0) / nsPerMs;
  const probeMs = check.Timeout ? check.Timeout / nsPerMs : defaultTimeoutMs;
  const retries = check.Retries || defaultRetries;
  return Math.max(timeoutMs, startPeriodMs + (retries + 1) * intervalOf(check) + retries * probeMs + marginMs);
}

function intervalOf(check: Healthcheck): number {
  return check.Interval ? check.Interval / nsPerMs : defaultIntervalMs;
}

/** Why it has failed for good, whatever the time; undefined where it may still come. */
function endOf(observations: readonly Observation[], first: Observation, last: Observation): string | undefined {
  if (last.state === "dead" || last.state === "removing") return "the engine is removing it";
  if (last.state === "exited" && !last.restartable) return exitText(last);
  const restarts = last.restartCount - first.restartCount;
  if (restarts < crashLoop) return undefined;
  // While it runs its exit code says nothing.
  const exited = observations.findLast((seen) => !isUp(seen));
  return `${exited === undefined ? "it crashes again and again" : exitText(exited)}, ${restarts} times restarted so far`;
}

function isReady(
  observations: readonly Observation[],
  last: Observation,
  check: Healthcheck | undefined,
  { stableForMs }: ReadinessSettings,
): boolean {
  if (!isUp(last)) return false;
  if (check !== undefined) return last.health === "healthy";
  const since = trailingRun(
    observations,
    (seen) => isUp(seen) && seen.startedAt === last.startedAt && seen.restartCount === last.restartCount,
  );
  return since !== undefined && last.timeMs - since >= stableForMs;
}

function isUp({ state, restarting }: Observation): boolean {
  return (state === "running" || state === "paused") && !restarting;
}

/** One that has become unhealthy may recover: it gets the time of one more probe. */
function graceEndOf(observations: readonly Observation[], check: Healthcheck | undefined): number {
  const since = trailingRun(observations, ({ health }) => health === "unhealthy");
  return check === undefined || since === undefined ? Number.POSITIVE_INFINITY : since + intervalOf(check);
}

/** Since when, up to the last observation, has `holds` been true? */
function trailingRun(observations: readonly Observation[], holds: (seen: Observation) => boolean): number | undefined {
  const broken = observations.findLastIndex((seen) => !holds(seen));
  return observations[broken + 1]?.timeMs;
}

function reasonAtDeadline(last: Observation, check: Healthcheck | undefined, elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1000);
  if (last.state === "created")
    return `it was not started within ${seconds} s${last.error === "" ? "" : `: ${last.error}`}`;
  if (last.restarting || last.state === "restarting")
    return `it is still restarting after ${seconds} s: ${exitText(last)}`;
  if (last.state === "exited") return exitText(last);
  if (check === undefined) return `it did not stay up long enough within ${seconds} s`;
  return last.health === "unhealthy" ? "its health check fails" : `its health check did not pass within ${seconds} s`;
}

function exitText({ exitCode, outOfMemory, error }: Observation): string {
  const why = outOfMemory ? " (out of memory)" : error === "" ? "" : ` (${error})`;
  return `it exited with code ${exitCode}${why}`;
}
