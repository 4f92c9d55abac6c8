import {
  compareVersions,
  isComparable,
  isMoreExact,
  newestFirst,
  type VersionTag,
  versionTagFrom,
} from "./version-tag.ts";

/** A question to a registry for each: so many, when a digest is new, and no more. */
export const mostCandidates = 10;

/** The versions among the tags of a repository. */
export function versionsAmong(tags: readonly string[], matches: (tag: string) => boolean): readonly VersionTag[] {
  return tags.filter(matches).flatMap((tag) => versionTagFrom(tag) ?? []);
}

/**
 * The version that a container was created from; undefined where its tag moves from version to version: a word, no match,
 * or a part of a version (`16`, where there is a `16.2`).
 */
export function exactVersion(
  tag: string,
  matches: (tag: string) => boolean,
  versions: readonly VersionTag[],
): VersionTag | undefined {
  const version = matches(tag) ? versionTagFrom(tag) : undefined;
  return version === undefined || versions.some((other) => isMoreExact(other, version)) ? undefined : version;
}

/** The newer ones of the same kind, newest first. */
export function newerThan(version: VersionTag, versions: readonly VersionTag[]): readonly VersionTag[] {
  return versions.filter((other) => isNewer(other, version)).sort(newestFirst);
}

/** Is there an order between them, and `other` the later one? Nothing else may ever be installed in place of `version`. */
export function isNewer(other: VersionTag, version: VersionTag): boolean {
  return isComparable(other, version) && compareVersions(other, version) > 0;
}

/** Those of its kind that may be what a base tag stands for, the most likely ones first. */
export function candidatesLike(version: VersionTag, versions: readonly VersionTag[]): readonly VersionTag[] {
  return versions.filter((other) => isComparable(other, version)).sort(newestFirst);
}

/** The versions that a moving tag may stand for, the most likely ones first: for `16` those that begin with it. */
export function candidatesFor(tag: string, versions: readonly VersionTag[]): readonly VersionTag[] {
  const part = versionTagFrom(tag);
  const exact = part === undefined ? [] : versions.filter((version) => isMoreExact(version, part));
  return (exact.length > 0 ? [...exact] : [...versions]).sort(
    (a, b) => Number(a.isPreRelease) - Number(b.isPreRelease) || newestFirst(a, b),
  );
}
