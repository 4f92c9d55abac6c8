import type { AutoUpdatePolicy } from "../core/auto-update.ts";
import { isoSeconds, isRunning } from "../core/container.ts";
import type { DiskFacts } from "../core/disk.ts";
import {
  currentCheck,
  hasUpdate,
  installedDigest,
  installedVersion,
  latestVersion,
  releaseUrlOf,
} from "../core/entry.ts";
import { replaces } from "../core/journal.ts";
import type { Metrics } from "../core/metrics.ts";
import type { NodeEvent } from "../core/node-event.ts";
import type { NodeFacts } from "../core/node-facts.ts";
import { isSuccess, type OperationResult, type Progress } from "../core/operation.ts";
import type { Entry } from "../core/ports.ts";
import { problemOf } from "../core/problem.ts";
import { pruneView } from "../core/prune/report.ts";
import type { LimitFact } from "../core/registry-limit.ts";
import { releaseSummaryOf } from "../core/release-summary.ts";
import { truncate } from "../lib/text.ts";
import type { jobs } from "./node-entities.ts";

/** Home Assistant refuses longer states. */
const longestState = 255;

/** `container/<name>/state` */
export function containerState(entry: Entry, autoUpdate: AutoUpdatePolicy): object {
  const { container, progress, lastResult } = entry;
  const check = currentCheck(entry);
  const problem = problemOf(entry);
  return {
    state: container.state,
    running: isRunning(container),
    health: container.health,
    image: truncate(container.image, longestState),
    digest: installedDigest(entry),
    status: check?.status ?? null,
    verdict: check?.verdict ?? null,
    checked_at: check?.checkedAt ?? null,
    reason: check === undefined ? null : truncate(check.reason, longestState),
    started_at: container.startedAt,
    finished_at: container.finishedAt,
    restart_count: container.restartCount,
    exit_code: container.exitCode,
    phase: progress?.phase ?? "idle",
    seconds_left: progress?.secondsLeft ?? null,
    last_result: lastResult?.state ?? "none",
    last_message: lastResult === undefined ? null : truncate(lastResult.message, longestState),
    last_update: entry.lastUpdate ?? null,
    last_backup: entry.lastBackup ?? null,
    problem: problem === undefined ? null : truncate(problem, longestState),
    auto_update: autoUpdate.isOn,
    auto_update_reason:
      autoUpdate.label === undefined ? null : truncate(`The label ${autoUpdate.label} decides.`, longestState),
  };
}

/** How far an update is when it reaches a phase, in percent; a pull fills the span below `creating`. */
const milestones: Partial<Record<Progress["phase"], number>> = {
  backing_up: 80,
  creating: 80,
  switching: 85,
  verifying: 90,
};
const pullSpan = 0.8;

/**
 * `container/<name>/update`: exactly what Home Assistant's MQTT update entity takes
 * (https://www.home-assistant.io/integrations/update.mqtt/). One key too many, or a null elsewhere than in
 * `update_percentage`, and the whole message is dropped there.
 */
export function updateState(entry: Entry): object {
  const { progress } = entry;
  const latest = latestVersion(entry);
  const release = releaseUrlOf(entry);
  const inProgress = progress?.command === "update";
  return {
    installed_version: installedVersion(entry),
    ...(latest === undefined ? {} : { latest_version: latest }),
    title: truncate(entry.container.image, longestState),
    // Home Assistant keeps what is left out as it was.
    release_summary: releaseSummaryOf(entry) ?? "",
    ...(release === undefined ? {} : { release_url: release }),
    in_progress: inProgress,
    update_percentage: inProgress ? percentOf(progress) : null,
  };
}

function percentOf(progress: Progress): number | null {
  if (progress.phase === "pulling") return Math.floor((progress.percent ?? 0) * pullSpan);
  return milestones[progress.phase] ?? null;
}

/** `container/<name>/stats`: rounded, so that noise does not fill Home Assistant's database. */
export function containerStats(metrics: Metrics): object {
  return {
    cpu_percent: rounded(metrics.cpuPercent, 1),
    memory_bytes: metrics.memoryBytes,
    memory_percent: rounded(metrics.memoryPercent, 1),
    memory_limit_bytes: metrics.memoryLimitBytes,
    net_rx_bytes: metrics.netRxBytes,
    net_tx_bytes: metrics.netTxBytes,
    net_rx_rate: rounded(metrics.netRxRate, 0),
    net_tx_rate: rounded(metrics.netTxRate, 0),
    block_read_bytes: metrics.blockReadBytes,
    block_write_bytes: metrics.blockWriteBytes,
    block_read_rate: rounded(metrics.blockReadRate, 0),
    block_write_rate: rounded(metrics.blockWriteRate, 0),
    pids: metrics.pids,
  };
}

function rounded(number: number | null, digits: number): number | null {
  return number === null ? null : Number(number.toFixed(digits));
}

/** `<node>/stats`: the sums over all running containers. */
export function nodeStats(metrics: readonly Metrics[]): object {
  return {
    cpu_percent: rounded(total(metrics.map(({ cpuPercent }) => cpuPercent)), 1),
    memory_bytes: total(metrics.map(({ memoryBytes }) => memoryBytes)),
  };
}

function total(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null);
  return known.length === 0 ? null : known.reduce((sum, number) => sum + number, 0);
}

/** `<node>/state` */
export function nodeState(
  entries: readonly Entry[],
  facts: NodeFacts,
  version: string,
  autoUpdateOf: (entry: Entry) => AutoUpdatePolicy,
): object {
  const outdated = entries.filter(hasUpdate);
  // The switch for all of them moves those only for which no label decides.
  const switchable = entries.map(autoUpdateOf).filter(({ label }) => label === undefined);
  const limits = facts.registryLimits ?? [];
  // Before all containers have been read, nobody knows how many there are.
  const known = <Value>(value: Value): Value | null => (facts.isCounted === true ? value : null);
  return {
    containers_total: known(entries.length),
    containers_running: known(entries.filter(({ container }) => isRunning(container)).length),
    containers_unhealthy: known(entries.filter(({ container }) => container.health === "unhealthy").length),
    updates_available: known(outdated.length),
    updates: known(outdated.map(({ container }) => container.name)),
    auto_update: switchable.length === 0 ? null : known(switchable.every(({ isOn }) => isOn)),
    job: jobOf(entries, facts),
    docker_version: facts.engine?.version ?? null,
    docker_api_version: facts.engine?.apiVersion ?? null,
    gangway_version: version,
    last_check: facts.lastCheck ?? null,
    next_check: facts.nextCheck ?? null,
    registries_limited: limits.filter(({ limitedUntil }) => limitedUntil !== undefined).length,
    registry_limits: Object.fromEntries(limits.map((limit) => [limit.registry, limitMessage(limit)])),
    ...diskMessage(facts.disk),
  };
}

/** Null where nobody has asked the engine, or it does not tell. */
function diskMessage(disk: DiskFacts | undefined): object {
  return {
    images_bytes: disk?.imageBytes ?? null,
    images_reclaimable_bytes: disk?.reclaimableImageBytes ?? null,
    volumes_bytes: disk?.volumeBytes ?? null,
    volumes_reclaimable_bytes: disk?.reclaimableVolumeBytes ?? null,
    containers_bytes: disk?.containerBytes ?? null,
    build_cache_bytes: disk?.buildCacheBytes ?? null,
  };
}

function limitMessage({ limitedUntil, quota }: LimitFact): object {
  return {
    limited_until: limitedUntil === undefined ? null : isoSeconds(limitedUntil),
    limit: quota?.limit ?? null,
    remaining: quota?.remaining ?? null,
    window_seconds: quota?.windowSeconds ?? null,
    told_at: quota === undefined ? null : isoSeconds(quota.toldAt),
  };
}

function jobOf(entries: readonly Entry[], facts: NodeFacts): (typeof jobs)[number] {
  if (entries.some(({ progress }) => progress !== undefined && replaces(progress.command))) return "updating";
  return facts.isChecking === true ? "checking" : "idle";
}

/** `<node>/event`: what Home Assistant's event entity takes. */
export function eventMessage({ type, container, operation, details }: NodeEvent, time: string): object {
  return { event_type: type, time, container, operation, ...details };
}

/** `<node>/result`, and the answer on an MQTT 5 response topic: without the log, which can hold secrets. */
export function resultMessage(result: OperationResult): object {
  return {
    id: result.id,
    command: result.command,
    container: result.container,
    ok: isSuccess(result.state),
    state: result.state,
    message: result.message,
    from: result.from ?? null,
    to: result.to ?? null,
    started_at: result.startedAt,
    finished_at: result.finishedAt,
    ...(result.backup === undefined ? {} : { backup: result.backup }),
    ...(result.results === undefined ? {} : { results: result.results }),
    ...(result.plan === undefined ? {} : { plan: result.plan }),
    ...(result.prune === undefined ? {} : { prune: pruneView(result.prune) }),
  };
}
