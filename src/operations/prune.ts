import PQueue from "p-queue";
import type { BackupJournal } from "../core/backup-journal.ts";
import type { Disk, DiskPart, DiskUsage, StoredImage } from "../core/disk.ts";
import type { ImageInspect } from "../core/inspect.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Journal } from "../core/ports.ts";
import { needsOf } from "../core/prune/needs.ts";
import {
  cacheToPrune,
  containersToPrune,
  imagesToPrune,
  networksToPrune,
  type PruneRules,
  volumesToPrune,
} from "../core/prune/plan.ts";
import type { PruneItem, PruneKind, PruneReport } from "../core/prune/prune.ts";
import { previewOf, pruneMessage } from "../core/prune/report.ts";
import type { RestoreJournal } from "../core/restore-journal.ts";
import { GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { imageIfThere } from "./images.ts";
import { type Removal, removalsOn } from "./removals.ts";
import { inspectAll } from "./survey.ts";

export interface PruneDependencies {
  readonly engine: Disk & Pick<Engine, "list" | "inspect" | "inspectImage" | "remove" | "removeImage" | "tag">;
  readonly journal: Pick<Journal, "all">;
  readonly backupJournal: Pick<BackupJournal, "all">;
  readonly restoreJournal: Pick<RestoreJournal, "all">;
  readonly ownContainerId: string | undefined;
  /** The setting `prune.keep`. */
  readonly keep: readonly string[];
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

type PruneCommand = Extract<Command, { readonly kind: "prune" }>;

const parallelInspects = 8;

/**
 * Removes what nobody needs any more, one thing after the other by the engine's own removal without force: so what was
 * decided is what goes, and what has come into use since is refused by the engine and stays. Killed at any moment, it
 * leaves fewer things that nobody needs.
 */
export async function prune(deps: PruneDependencies, command: PruneCommand, signal: AbortSignal): Promise<Outcome> {
  const items = await planFor(deps, command, signal);
  if (command.dryRun === true) {
    const report = previewOf(command, items);
    return { state: "unchanged", message: pruneMessage(report, command), prune: report };
  }
  if (command.what === "build_cache") return await pruneCache(deps, command, items, signal);
  const layersBefore = command.what === "images" ? await layerBytes(deps, signal) : null;
  const { removed, kept, end } = await removeAll(deps, command.what, items, signal);
  const reclaimedBytes =
    command.what === "images"
      ? await bytesSince(deps, layersBefore, removed)
      : previewOf(command, removed).reclaimedBytes;
  const report: PruneReport = { what: command.what, preview: false, removed, kept, reclaimedBytes };
  const message = pruneMessage(report, command);
  if (end !== undefined) return { ...end, message: `${message} ${end.message}`, prune: report };
  return { state: removed.length === 0 ? "unchanged" : "done", message, prune: report };
}

async function planFor(
  deps: PruneDependencies,
  { what, kind: _, dryRun: __, ...wish }: PruneCommand,
  signal: AbortSignal,
): Promise<readonly PruneItem[]> {
  const { engine, ownContainerId, keep, clock } = deps;
  // First what there is, then who needs it: what comes in between is not there, or is needed.
  const found = await thingsOf(deps, what, signal);
  const containers = await inspectAll(engine, signal);
  const [journal, backups, restores] = await Promise.all([
    deps.journal.all(),
    deps.backupJournal.all(),
    deps.restoreJournal.all(),
  ]);
  const rules: PruneRules = {
    ...{ wish, keep, ownContainerId, now: clock.now() },
    needs: needsOf({ containers, journal, backups, restores, ownContainerId }),
  };
  const sizes = found.usage;
  switch (found.what) {
    case "images": {
      const unique = new Map(sizes.images.map(({ id, uniqueBytes }) => [id, uniqueBytes]));
      const images = found.images.map((image) => ({ ...image, bytes: unique.get(image.id) ?? null }));
      // Only of those that would go else it matters when they were pulled; it can only make them younger.
      const going = new Set(
        imagesToPrune(images, rules).flatMap(({ id, verdict }) => (verdict === "remove" ? id : [])),
      );
      const times = await arrivalTimes(
        deps,
        images.filter(({ id }) => going.has(id)),
        signal,
      );
      return imagesToPrune(
        images.map((image) => ({ ...image, ...times.get(image.id) })),
        rules,
      );
    }
    case "containers": {
      const written = new Map(sizes.containers.map(({ id, bytes }) => [id, bytes]));
      return containersToPrune(
        containers.map((inspect) => ({ ...inspect, bytes: written.get(inspect.Id) ?? null })),
        rules,
      );
    }
    case "volumes": {
      const held = new Map(sizes.volumes.map(({ id, bytes }) => [id, bytes]));
      return volumesToPrune(
        found.volumes.map((volume) => ({ ...volume, bytes: held.get(volume.name) ?? null })),
        rules,
      );
    }
    case "networks":
      return networksToPrune(found.networks, rules);
    case "build_cache":
      return cacheToPrune(sizes.buildCache, rules);
  }
}

/** What there is of a kind, with the engine's figures. */
async function thingsOf({ engine, log }: PruneDependencies, what: PruneKind, signal: AbortSignal) {
  switch (what) {
    case "images":
      return {
        what,
        images: await engine.storedImages(signal),
        usage: await sizesOf(engine, "image", log, signal),
      } as const;
    case "containers":
      return { what, usage: await sizesOf(engine, "container", log, signal) } as const;
    case "volumes":
      return {
        what,
        volumes: await engine.volumes(signal),
        usage: await sizesOf(engine, "volume", log, signal),
      } as const;
    case "networks":
      return { what, networks: await engine.networks(signal), usage: noUsage } as const;
    case "build_cache":
      return { what, usage: await engine.usage(["build-cache"], signal) } as const;
  }
}

/** When each image got its tag or was pulled, by its id: its own date can be any. */
async function arrivalTimes(
  { engine, log }: Pick<PruneDependencies, "engine" | "log">,
  images: readonly StoredImage[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, { readonly taggedMs: number }>> {
  if (images.length === 0) return new Map();
  const pulls = await engine.pulls(signal).catch((error: unknown) => {
    if (isErrorWithCode(error, "aborted", "engine_unreachable")) throw error;
    log.warn({ err: error }, "when images were pulled is not known; their own dates count");
    return new Map<string, number>();
  });
  const queue = new PQueue({ concurrency: parallelInspects });
  const times = images.map(({ id, tags, digests }) =>
    queue.add(async () => {
      const inspect = await imageIfThere(engine, id, signal);
      const pulled = [...tags, ...digests].map((name) => pulls.get(name) ?? 0);
      return [id, { taggedMs: Math.max(taggedAt(inspect), ...pulled) }] as const;
    }),
  );
  return new Map(await Promise.all(times));
}

/** The classic image store notes no pull here. */
function taggedAt(inspect: ImageInspect | undefined): number {
  const ms = Date.parse(inspect?.Metadata?.LastTagTime ?? "");
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

const noUsage: DiskUsage = { layerBytes: null, images: [], containers: [], volumes: [], buildCache: [] };

/** Sizes are nice to have: where the engine cannot tell them in time, things are removed without. */
async function sizesOf(engine: Pick<Disk, "usage">, part: DiskPart, log: Log, signal: AbortSignal): Promise<DiskUsage> {
  try {
    return await engine.usage([part], signal);
  } catch (error) {
    if (isErrorWithCode(error, "aborted", "engine_unreachable")) throw error;
    log.debug({ part, err: error }, "sizes are not known");
    return noUsage;
  }
}

async function layerBytes({ engine, log }: PruneDependencies, signal: AbortSignal): Promise<number | null> {
  return (await sizesOf(engine, "image", log, signal)).layerBytes;
}

const measureMs = 60_000;

/** What all layers together have become less: of two removed images with a layer in common, it counts once. */
async function bytesSince(
  deps: PruneDependencies,
  before: number | null,
  removed: readonly PruneItem[],
): Promise<number | null> {
  if (removed.length === 0) return 0;
  const after = await layerBytes(deps, AbortSignal.timeout(measureMs)).catch(() => null);
  return before === null || after === null ? null : Math.max(0, before - after);
}

interface Removed {
  readonly removed: readonly PruneItem[];
  readonly kept: readonly PruneItem[];
  /** Why it ended before all were looked at. */
  readonly end?: Pick<Outcome, "state" | "message" | "code">;
}

async function removeAll(
  deps: PruneDependencies,
  what: Exclude<PruneKind, "build_cache">,
  items: readonly PruneItem[],
  signal: AbortSignal,
): Promise<Removed> {
  const removal = removalsOn(deps.engine)[what];
  const removed: PruneItem[] = [];
  const kept = items.filter(({ verdict }) => verdict !== "remove");
  let fault: GangwayError | undefined;
  for (const item of items.filter(({ verdict }) => verdict === "remove")) {
    if (signal.aborted) return { removed, kept, end: { state: "cancelled", message: stopped } };
    try {
      const refusal = await removeOne(removal, item, signal);
      if (refusal?.code === "engine_failed") fault = refusal;
      if (refusal === undefined) removed.push(item);
      else kept.push({ ...item, verdict: "keep", reason: messageOf(refusal) });
    } catch (error) {
      if (signal.aborted) return { removed, kept, end: { state: "cancelled", message: stopped } };
      const code = error instanceof GangwayError ? { code: error.code } : {};
      return { removed, kept, end: { state: "failed", message: `Then it failed: ${messageOf(error)}.`, ...code } };
    }
  }
  if (fault === undefined) return { removed, kept };
  return { removed, kept, end: { state: "failed", message: "Not all could be removed.", code: fault.code } };
}

const stopped = "Gangway is shutting down; ask again for the rest.";

/** Undefined once it is gone; else why the engine does not want to, or cannot. */
async function removeOne(removal: Removal, item: PruneItem, signal: AbortSignal): Promise<GangwayError | undefined> {
  try {
    await removal(item, signal);
    return undefined;
  } catch (error) {
    if (isErrorWithCode(error, "engine_not_found")) return undefined;
    if (!isErrorWithCode(error, "engine_conflict", "engine_refused", "engine_failed")) throw error;
    return error;
  }
}

async function pruneCache(
  { engine }: PruneDependencies,
  command: PruneCommand,
  items: readonly PruneItem[],
  signal: AbortSignal,
): Promise<Outcome> {
  const { all = false, olderThanMs } = command;
  const reclaimedBytes = await engine.pruneBuildCache(
    { all, ...(olderThanMs === undefined ? {} : { unusedForMs: olderThanMs }) },
    signal,
  );
  // BuildKit removes a record only after those that were made from it: what is still there was needed.
  const left = new Set((await engine.usage(["build-cache"], signal)).buildCache.map(({ id }) => id));
  const removed = items.filter(({ id, verdict }) => verdict === "remove" && !left.has(id));
  const kept = items.filter(({ id }) => left.has(id));
  const report: PruneReport = {
    ...{ what: "build_cache", preview: false, removed, reclaimedBytes },
    kept: kept.map((item) =>
      item.verdict === "remove" ? { ...item, verdict: "keep", reason: "BuildKit needs it for another record" } : item,
    ),
  };
  return {
    state: removed.length === 0 ? "unchanged" : "done",
    message: pruneMessage(report, command),
    prune: report,
  };
}
