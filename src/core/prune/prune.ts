/** What can be pruned. The words of commands, routes and results. */
export const pruneKinds = ["images", "containers", "volumes", "networks", "build_cache"] as const;
export type PruneKind = (typeof pruneKinds)[number];

/** What is to be pruned. */
export interface PruneWish {
  readonly what: PruneKind;
  /** Of images also those with a tag, of volumes also those with a name, of the build cache also what images have. */
  readonly all?: true;
  /** Only what was not used for so long, in milliseconds. */
  readonly olderThanMs?: number;
}

/** What is to become of a thing. */
export interface PruneItem {
  /** By which the engine knows it: an id, or a volume's name. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Of an image: those that it had when this was decided. */
  readonly tags?: readonly string[];
  readonly bytes: number | null;
  /** `in_use`: it is not up for debate. */
  readonly verdict: "remove" | "in_use" | "keep";
  /** Half a sentence: `web uses it`. */
  readonly reason: string;
}

/** What has become of them, or would. */
export interface PruneReport {
  readonly what: PruneKind;
  /** Nothing was removed: this is what would be. */
  readonly preview: boolean;
  readonly removed: readonly PruneItem[];
  readonly kept: readonly PruneItem[];
  /** Bytes that were freed; of a preview: at least so many. Null where the engine does not tell. */
  readonly reclaimedBytes: number | null;
}

const ageUnits: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const longestAgeMs = 100 * 365 * 86_400_000;

/** `12h`, `30d`, `4w`, or a number of seconds, in milliseconds; undefined for anything else. */
export function ageFrom(text: string | number): number | undefined {
  const match = /^(?<amount>\d{1,9})(?<unit>[smhdw])?$/.exec(String(text).trim());
  if (match === null) return undefined;
  const ms = Number(match.groups?.["amount"]) * (ageUnits[match.groups?.["unit"] ?? "s"] ?? 0);
  return ms <= longestAgeMs ? ms : undefined;
}

/** A wish in the words of the doors; undefined where the age is none. */
export function pruneWishFrom(asked: {
  readonly what?: PruneKind | undefined;
  readonly all?: boolean | undefined;
  readonly older_than?: string | number | undefined;
}): PruneWish | undefined {
  const olderThanMs = asked.older_than === undefined ? undefined : ageFrom(asked.older_than);
  if (asked.older_than !== undefined && olderThanMs === undefined) return undefined;
  return {
    what: asked.what ?? "images",
    ...(asked.all === true ? { all: true } : {}),
    ...(olderThanMs === undefined ? {} : { olderThanMs }),
  };
}

/** `1.5 GB`, as the engine's own commands write sizes: powers of ten, three digits. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let [size, step] = [bytes, 0];
  while (size >= 999.5 && step < units.length - 1) {
    size /= 1_000;
    step += 1;
  }
  return `${Number(size.toPrecision(3))} ${units[step] ?? ""}`;
}
