import { isRunning } from "../../../core/container.ts";
import { currentCheck } from "../../../core/entry.ts";
import { parseImageReference } from "../../../core/image-reference.ts";
import type { Entry } from "../../../core/ports.ts";
import type { UpdateStatus } from "../../../core/update-status.ts";
import type { Found } from "./names.ts";

/** What is shown of a container whose figures nobody wants. */
export function lightMetaOf({ entry: { container } }: Pick<Found, "entry">): {
  readonly image: string | null;
  readonly state: string;
} {
  const isNamed = parseImageReference(container.image).kind === "reference";
  return { image: isNamed ? container.image : null, state: container.state };
}

/**
 * What is shown of a container: bytes, and percent of one core and of the memory limit. What the engine has no counters of
 * is zero, as of one that is stopped; null where the engine was not asked yet.
 */
export function metaOf({ node, entry }: Found): object {
  const metrics = node.inventory.metricsOf(entry.container.name);
  const isStopped = !isRunning(entry.container);
  const usage = metrics?.memoryUsageBytes ?? null;
  const isSampled = isStopped || usage !== null;
  const counted = (value: number | null | undefined): number | null =>
    isStopped ? 0 : (value ?? (isSampled ? 0 : null));
  const limit = metrics?.memoryLimitBytes ?? null;
  const { image, state } = lightMetaOf({ entry });
  return {
    blk_read: counted(metrics?.blockReadBytes),
    blk_write: counted(metrics?.blockWriteBytes),
    cpu: isStopped ? null : (metrics?.cpuPercent ?? null),
    image,
    mem_limit: counted(limit),
    mem_perc: isStopped || usage === null || limit === null || limit <= 0 ? null : (usage / limit) * 100,
    mem_usage: counted(usage),
    net_rx: counted(metrics?.netRxBytes),
    net_tx: counted(metrics?.netTxBytes),
    state,
  };
}

/** Docker Monitor Image has no word for an image that is pinned by its digest. */
const words: Readonly<Record<UpdateStatus, string>> = {
  up_to_date: "up_to_date",
  update_available: "update_available",
  unknown_image: "unknown_image",
  unknown_local_digest: "unknown_local_digest",
  registry_error: "registry_error",
  pinned: "unknown_image",
};

/** The word of the last check; before the first one there is no digest of the registry's, whatever the reason. */
export function updateWordOf(entry: Entry): string {
  return words[currentCheck(entry)?.status ?? "registry_error"];
}
