import { isoSeconds, isRunning } from "../../core/container.ts";
import type { DiskFacts } from "../../core/disk.ts";
import type { PastOperation, PendingOperation, ServedNode } from "../../core/doors.ts";
import type { ContainerSummary, ImageSummary } from "../../core/engine-answers.ts";
import {
  currentCheck,
  hasUpdate,
  installedDigest,
  installedVersion,
  latestVersion,
  releaseUrlOf,
} from "../../core/entry.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { NodeEvent } from "../../core/node-event.ts";
import { isSuccess, type Progress } from "../../core/operation.ts";
import type { Entry } from "../../core/ports.ts";
import { pruneView } from "../../core/prune/report.ts";

/*
 * What there is, in the shapes of schemas.ts.
 */

export function containerView({ name: node, autoUpdateOf, inventory }: ServedNode, entry: Entry): object {
  const { container, progress, lastResult } = entry;
  const check = currentCheck(entry);
  const autoUpdate = autoUpdateOf(entry);
  const metrics = inventory.metricsOf(container.name);
  return {
    node,
    name: container.name,
    id: container.id,
    image: container.image,
    image_id: container.imageId,
    digest: installedDigest(entry),
    state: container.state,
    running: isRunning(container),
    health: container.health,
    started_at: container.startedAt,
    finished_at: container.finishedAt,
    restart_count: container.restartCount,
    exit_code: container.exitCode,
    update: {
      available: hasUpdate(entry),
      status: check?.status ?? null,
      verdict: check?.verdict ?? null,
      reason: check?.reason ?? null,
      checked_at: check?.checkedAt ?? null,
      installed_version: installedVersion(entry),
      latest_version: latestVersion(entry) ?? null,
      latest_since: check?.latestSince ?? null,
      release_url: releaseUrlOf(entry) ?? null,
    },
    auto_update: { on: autoUpdate.isOn, label: autoUpdate.label ?? null },
    progress: progress === undefined ? null : progressView(progress),
    last_update: entry.lastUpdate ?? null,
    last_result: lastResult === undefined ? null : resultView({ ...lastResult, node }),
    metrics: metrics === undefined ? null : metricsView(metrics),
  };
}

function progressView({ operation, command, phase, percent, bytes, secondsLeft }: Progress): object {
  return {
    ...{ operation, command, phase, percent: percent ?? null, ...bytesView(bytes) },
    seconds_left: secondsLeft ?? null,
  };
}

function bytesView(bytes: Progress["bytes"]): object {
  return { bytes: bytes?.done ?? null, total_bytes: bytes?.total ?? null };
}

function metricsView(metrics: Metrics): object {
  return {
    cpu_percent: metrics.cpuPercent,
    memory_bytes: metrics.memoryBytes,
    memory_percent: metrics.memoryPercent,
    memory_limit_bytes: metrics.memoryLimitBytes,
    net_rx_bytes: metrics.netRxBytes,
    net_tx_bytes: metrics.netTxBytes,
    net_rx_rate: metrics.netRxRate,
    net_tx_rate: metrics.netTxRate,
    block_read_bytes: metrics.blockReadBytes,
    block_write_bytes: metrics.blockWriteBytes,
    block_read_rate: metrics.blockReadRate,
    block_write_rate: metrics.blockWriteRate,
    pids: metrics.pids,
  };
}

/** An operation that has ended: without the log, which can hold secrets. */
export function resultView(result: PastOperation): object {
  return {
    id: result.id,
    node: result.node,
    command: result.command,
    container: result.container,
    state: result.state,
    ended: true,
    ok: isSuccess(result.state),
    message: result.message,
    from: result.from ?? null,
    to: result.to ?? null,
    started_at: result.startedAt,
    finished_at: result.finishedAt,
    phase: "idle",
    percent: null,
    ...bytesView(undefined),
    ...(result.backup === undefined ? {} : { backup: result.backup }),
    ...(result.results === undefined ? {} : { results: result.results }),
    ...(result.plan === undefined ? {} : { plan: result.plan }),
    ...(result.prune === undefined ? {} : { prune: pruneView(result.prune) }),
  };
}

/** An operation that waits or runs; `id`: the one under which it was asked for. */
export function pendingView({ name: node, inventory }: ServedNode, pending: PendingOperation, id = pending.id): object {
  const shown = pending.container === null ? undefined : inventory.get(pending.container)?.progress;
  const progress = shown?.operation === pending.id ? shown : undefined;
  return {
    id,
    node,
    command: pending.command,
    container: pending.container,
    state: pending.state,
    ended: false,
    ok: null,
    message: null,
    from: null,
    to: null,
    started_at: pending.submittedAt,
    finished_at: null,
    phase: progress?.phase ?? (pending.state === "queued" ? "queued" : "idle"),
    percent: progress?.percent ?? null,
    ...bytesView(progress?.bytes),
  };
}

export function nodeView({ name, inventory, isBrokerConnected }: ServedNode, version: string): object {
  const facts = inventory.node();
  const entries = inventory.all();
  const isCounted = facts.isCounted === true;
  return {
    name,
    engine: {
      online: facts.engine !== undefined,
      version: facts.engine?.version ?? null,
      api_version: facts.engine?.apiVersion ?? null,
    },
    broker: { online: isBrokerConnected() },
    containers: isCounted
      ? {
          total: entries.length,
          running: entries.filter(({ container }) => isRunning(container)).length,
          unhealthy: entries.filter(({ container }) => container.health === "unhealthy").length,
        }
      : null,
    updates: isCounted ? entries.filter(hasUpdate).map(({ container }) => container.name) : null,
    last_check: facts.lastCheck ?? null,
    next_check: facts.nextCheck ?? null,
    disk: facts.disk === undefined ? null : diskView(facts.disk),
    gangway_version: version,
  };
}

function diskView(disk: DiskFacts): object {
  return {
    images_bytes: disk.imageBytes,
    images_reclaimable_bytes: disk.reclaimableImageBytes,
    volumes_bytes: disk.volumeBytes,
    volumes_reclaimable_bytes: disk.reclaimableVolumeBytes,
    containers_bytes: disk.containerBytes,
    build_cache_bytes: disk.buildCacheBytes,
  };
}

/** `containers`: all that the engine has, also those that Gangway leaves alone. */
export function imageView(
  { name: node }: ServedNode,
  image: ImageSummary,
  containers: readonly ContainerSummary[],
): { readonly used_by: readonly string[]; readonly tags: readonly string[] } {
  const users = containers.filter(({ imageId }) => imageId === image.id);
  return {
    ...{ node, id: image.id, digests: image.digests, created_at: isoSeconds(image.createdMs) },
    tags: image.tags,
    used_by: users.map(({ name }) => name).sort(),
  };
}

export function eventView(node: string, { type, container, operation, details }: NodeEvent, time: string): object {
  return { ...details, event_type: type, node, time, container, operation };
}
