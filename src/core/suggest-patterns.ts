import { newestFirst, type VersionTag, versionTagFrom } from "./version-tag.ts";

/** A pattern that a user could set for an image. */
export interface SuggestedPattern {
  /** An anchored regular expression for one kind of tag. */
  readonly regex: string;
  /** What its tags look like: `LinuxServer.io (vX.Y.Z-lsN)`. */
  readonly label: string;
  readonly matchCount: number;
  /** The newest ones, newest first. */
  readonly exampleTags: readonly string[];
}

/** What a list of tags lends itself to. */
export interface TagSuggestions {
  /** The most promising first; none for pre-releases and single architectures where there is anything else. */
  readonly patterns: readonly SuggestedPattern[];
  /** Tags that move from version to version; the usual ones first. */
  readonly baseTags: readonly string[];
  readonly totalTags: number;
}

const fewestMatches = 2;
const examples = 3;
/** In the order in which people want them. */
const usualBaseTags = ["latest", "stable", "lts", "release", "mainline", "main", "master", "edge", "beta", "nightly"];

/** Proposes a pattern for each kind of version among the tags of a repository. */
export function suggestPatterns(tags: readonly string[]): TagSuggestions {
  const families = Map.groupBy(
    tags.flatMap((tag) => versionTagFrom(tag) ?? []),
    ({ family }) => family,
  );
  const proposals = [...families.values()]
    .map((family) => proposalFrom(family.toSorted(newestFirst), tags))
    .filter(({ pattern }) => pattern.matchCount >= fewestMatches)
    .sort((a, b) => a.rank - b.rank || b.pattern.matchCount - a.pattern.matchCount || order(a, b));
  const best = proposals.filter(({ rank }) => rank < lastResort);
  return {
    patterns: (best.length > 0 ? best : proposals).map(({ pattern }) => pattern),
    baseTags: baseTagsIn(tags),
    totalTags: tags.length,
  };
}

interface Proposal {
  /** Exact versions before coarse ones, plain ones before variants. */
  readonly rank: number;
  readonly pattern: SuggestedPattern;
}

const lastResort = 4;

function proposalFrom(family: readonly VersionTag[], tags: readonly string[]): Proposal {
  const [newest] = family;
  if (newest === undefined) throw new RangeError("a family has members");
  const regex = regexFor(newest);
  const pattern = new RegExp(regex);
  return {
    rank: rankOf(newest),
    pattern: {
      regex,
      label: labelFor(newest),
      matchCount: tags.filter((tag) => pattern.test(tag)).length,
      exampleTags: family.slice(0, examples).map(({ text }) => text),
    },
  };
}

function order(a: Proposal, b: Proposal): number {
  return a.pattern.regex < b.pattern.regex ? -1 : 1;
}

/** Variants that only say how often the version was built are no variants. */
const rebuild = /^(?:-(?:r#-)?ls#|-r#|-%)?$/;

function rankOf({ segments, suffix, scheme, isPreRelease, isForOneArchitecture }: VersionTag): number {
  if (isPreRelease || isForOneArchitecture) return lastResort;
  const isExact = segments.length > 2 || scheme === "date";
  return (rebuild.test(suffix) ? 0 : 2) + (isExact ? 0 : 1);
}

/** Years and dates keep their length, so that they are not mixed with versions. */
function regexFor({ prefix, segments, suffix, scheme }: VersionTag): string {
  const [first = "", ...others] = segments;
  const start = scheme !== "version" ? `[0-9]{${first.length}}` : "[0-9]+";
  const rest = others.map(() => "\\.[0-9]+").join("");
  const end = literal(suffix).replaceAll("#", "[0-9]+").replaceAll("%", "[0-9a-f]+");
  return `^${literal(prefix)}${start}${rest}${end}$`;
}

function literal(text: string): string {
  return text.replace(/[.+*?^$()[\]{}|\\]/g, "\\$&");
}

const letters = { version: ["X", "Y", "Z", "W"], year: ["YYYY", "MM"], date: ["DATE"] };

function labelFor(tag: VersionTag): string {
  const version = tag.segments.map((_, index) => letters[tag.scheme][index] ?? "N").join(".");
  const shape = `${tag.prefix}${version}${tag.suffix.replaceAll("#", "N").replaceAll("%", "COMMIT")}`;
  const kind = kindOf(tag);
  return kind === undefined ? shape : `${kind} (${shape})`;
}

function kindOf({ prefix, segments, suffix, scheme }: VersionTag): string | undefined {
  if (/-ls#$/.test(suffix)) return "LinuxServer.io";
  if (suffix !== "" || !/^v?$/.test(prefix)) return undefined;
  if (scheme === "year") return "Calendar version";
  if (scheme === "date") return "Date";
  return { 1: "Major", 2: "Major.Minor", 3: "Semantic version" }[segments.length];
}

/** Words without a number; commits, signatures and architectures are none. */
function baseTagsIn(tags: readonly string[]): readonly string[] {
  const words = tags.filter((tag) => /^[A-Za-z][A-Za-z_.-]*$/.test(tag) && !/^[a-f]{7,}$/.test(tag));
  const isUsual = (word: string): boolean => usualBaseTags.includes(word);
  return [...usualBaseTags.filter((word) => words.includes(word)), ...words.filter((word) => !isUsual(word)).sort()];
}
