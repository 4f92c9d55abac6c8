import { sumOf } from "../disk.ts";
import { listText } from "./needs.ts";
import { bytesText, type PruneItem, type PruneReport, type PruneWish } from "./prune.ts";

/** What a plan would come to. */
export function previewOf({ what }: PruneWish, items: readonly PruneItem[]): PruneReport {
  const removed = items.filter(({ verdict }) => verdict === "remove");
  return {
    what,
    preview: true,
    removed,
    kept: items.filter(({ verdict }) => verdict !== "remove"),
    reclaimedBytes: what === "networks" ? null : sumOf(removed.map(({ bytes }) => bytes)),
  };
}

/** One thing, several things. */
const words = {
  images: ["image", "images"],
  containers: ["container", "containers"],
  volumes: ["volume", "volumes"],
  networks: ["network", "networks"],
  build_cache: ["build cache record", "build cache records"],
} as const;

/** What there is of when nothing else is asked for. */
const unwanted = {
  images: "dangling image",
  containers: "stopped container",
  volumes: "unused anonymous volume",
  networks: "unused network",
  build_cache: "unused build cache record",
} as const;

const unwantedOfAll = { ...unwanted, images: "unused image", volumes: "unused volume" } as const;

/** `Removed 3 images, 412 MB reclaimed; kept 2: a (web can be rolled back to it) and b (…).` */
export function pruneMessage(report: PruneReport, { all }: Pick<PruneWish, "all">): string {
  const { what, preview, removed, kept, reclaimedBytes } = report;
  const [one, several] = words[what];
  const count = removed.length;
  const freed = reclaimedBytes === null ? "" : sizeText(reclaimedBytes, preview);
  const deed = preview ? "Would remove" : "Removed";
  const none = `There is no ${(all === true ? unwantedOfAll : unwanted)[what]} to remove`;
  const done = count === 0 ? none : `${deed} ${count} ${count === 1 ? one : several}${freed}`;
  // What is simply in use is what everybody expects to stay.
  const notable = kept.filter(({ verdict }) => verdict === "keep");
  const stays = preview ? "would keep" : "kept";
  const shown = notable.map(({ name, reason }) => `${name} (${reason})`);
  return `${done}${notable.length === 0 ? "" : `; ${stays} ${notable.length}: ${listText(shown)}`}.`;
}

function sizeText(bytes: number, preview: boolean): string {
  return preview ? `, at least ${bytesText(bytes)}` : `, ${bytesText(bytes)} reclaimed`;
}

/** The report in the words of results, the same for MQTT and HTTP. */
export function pruneView({ what, preview, removed, kept, reclaimedBytes }: PruneReport): object {
  return {
    ...{ what, preview, reclaimed_bytes: reclaimedBytes },
    removed: removed.map(({ id, name, bytes, reason }) => ({ id, name, bytes, reason })),
    kept: kept.map(({ id, name, bytes, reason, verdict }) => {
      return { id, name, bytes, reason, in_use: verdict === "in_use" };
    }),
  };
}
