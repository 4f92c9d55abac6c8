import type { Platform } from "./inspect.ts";
import type { IndexEntry } from "./remote-manifest.ts";

/*
 * Which image of an index a platform gets, by the rules of both of the engine's image stores
 * (https://github.com/containerd/platforms: `Normalize`, `platformVector`).
 */

/** How deep indexes may stand in one another: more is no image that anybody has built on purpose. */
export const deepestIndex = 3;

const architectures: Readonly<Record<string, { readonly architecture: string; readonly variant?: string }>> = {
  i386: { architecture: "386", variant: "" },
  x86_64: { architecture: "amd64" },
  "x86-64": { architecture: "amd64" },
  aarch64: { architecture: "arm64" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v6" },
};

/** The variant that an architecture has where nothing is said. */
const usualVariants: Readonly<Record<string, string>> = { amd64: "v1", arm64: "v8", arm: "v7" };

/** A platform as one text in which no two spellings of the same are left: `linux/amd64`, `linux/arm/v7`. */
export function platformText(platform: Platform): string {
  const { os, architecture, variant } = normalised(platform);
  const isSaid = variant !== "" && (architecture === "arm" || variant !== usualVariants[architecture]);
  return isSaid ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

/** The platform that a text of `platformText` stands for. */
export function platformFrom(text: string): Platform {
  const [os = "", architecture = "", variant] = text.split("/");
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Every variant is said, where the architecture has some. */
function normalised({ os, architecture, variant = "" }: Platform): Required<Platform> & { readonly variant: string } {
  const name = architecture.toLowerCase();
  const known = architectures[name] ?? { architecture: name };
  const said =
    known.variant ??
    variant
      .toLowerCase()
      .replace(/^(?=\d)/, "v")
      .replace(/\.0$/, "");
  return {
    os: os.toLowerCase(),
    architecture: known.architecture,
    variant: said === "" ? (usualVariants[known.architecture] ?? "") : known.architecture === "386" ? "" : said,
  };
}

/** What runs on `wanted`, best first, as texts of `platformText`. */
function preferenceOf(wanted: Platform): readonly string[] {
  const { os, architecture, variant } = normalised(wanted);
  const text = (name: string, level: string): string => platformText({ os, architecture: name, variant: level });
  switch (architecture) {
    case "amd64":
      return [...levelsFrom(variant, 1).map((level) => text("amd64", level)), text("386", "")];
    case "arm":
      return levelsFrom(variant, 5).map((level) => text("arm", level));
    case "arm64":
      return [
        ...new Set([text("arm64", variant), text("arm64", "v8"), ...levelsFrom("v8", 5).map((v) => text("arm", v))]),
      ];
    default:
      return [text(architecture, variant)];
  }
}

/** `v7`, `v6`, `v5`. */
function levelsFrom(variant: string, lowest: number): readonly string[] {
  const highest = Number(/^v(?<level>\d+)$/.exec(variant)?.groups?.["level"] ?? Number.NaN);
  if (Number.isNaN(highest)) return [variant];
  return Array.from({ length: Math.max(1, highest - lowest + 1) }, (_, index) => `v${highest - index}`);
}

/** What an index has for a platform. */
export type PlatformChoice =
  /** `isStated`: the index says that it is for a platform that will do; otherwise its configuration has to. */
  | { readonly kind: "image"; readonly entry: IndexEntry; readonly isStated: boolean }
  /** Other indexes to look into, best first; with what there is where they have nothing. */
  | { readonly kind: "indexes"; readonly entries: readonly IndexEntry[]; readonly otherwise: FlatChoice }
  | NoChoice;
type FlatChoice = Extract<PlatformChoice, { readonly kind: "image" }> | NoChoice;
/** With the platforms that there are instead, as texts. */
interface NoChoice {
  readonly kind: "none";
  readonly platforms: readonly string[];
}

/** Chooses among the entries of an index. Attestations and other artifacts are no images. */
export function choosePlatform(entries: readonly IndexEntry[], wanted: Platform): PlatformChoice {
  const preference = preferenceOf(wanted);
  const rankOf = ({ platform }: IndexEntry): number =>
    platform === undefined ? preference.length : preference.indexOf(platformText(platform));
  const fitting = entries
    .filter(isImage)
    .map((entry) => ({ entry, rank: rankOf(entry) }))
    .filter(({ rank }) => rank >= 0)
    // The sort is stable: of equals the first counts, as it does for the engine.
    .sort((a, b) => a.rank - b.rank);
  const [best] = fitting.filter(({ entry }) => !entry.isIndex);
  const otherwise: FlatChoice =
    best === undefined
      ? { kind: "none", platforms: platformsIn(entries) }
      : { kind: "image", entry: best.entry, isStated: best.rank < preference.length };
  if (best?.rank === 0) return otherwise;
  const indexes = fitting.filter(({ entry }) => entry.isIndex).map(({ entry }) => entry);
  return indexes.length === 0 ? otherwise : { kind: "indexes", entries: indexes, otherwise };
}

/** Does an image for `actual` run where one for `wanted` does? */
export function isFitting(actual: Platform, wanted: Platform): boolean {
  return preferenceOf(wanted).includes(platformText(actual));
}

function platformsIn(entries: readonly IndexEntry[]): readonly string[] {
  const texts = entries
    .filter(isImage)
    .flatMap(({ platform }) => (platform === undefined ? [] : [platformText(platform)]));
  return [...new Set(texts)];
}

/** https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md */
function isImage({ annotations, platform, isArtifact }: IndexEntry): boolean {
  if (isArtifact || annotations["vnd.docker.reference.type"] !== undefined) return false;
  return platform?.os !== "unknown" && platform?.architecture !== "unknown";
}
