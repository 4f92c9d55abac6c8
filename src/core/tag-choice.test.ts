import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesFor, candidatesLike, exactVersion, isNewer, newerThan, versionsAmong } from "./tag-choice.ts";
import { compareVersions, isComparable, type VersionTag, versionTagFrom } from "./version-tag.ts";

const all = (): boolean => true;
const textsOf = (versions: readonly VersionTag[]): string => versions.map(({ text }) => text).join(" ");
const versions = (tags: string): readonly VersionTag[] => versionsAmong(tags.split(" "), all);

function version(text: string): VersionTag {
  const tag = versionTagFrom(text);
  if (tag === undefined) throw new Error(`${text} names no version`);
  return tag;
}

describe("versionsAmong", () => {
  it("takes what matches the pattern and names a version", () => {
    const tags = ["latest", "1.0.0", "1.0.0-alpine", "1.0.0.sig", "0123abc", "2.0.0"];

    expect(textsOf(versionsAmong(tags, (tag) => !tag.endsWith("alpine")))).toBe("1.0.0 2.0.0");
  });
});

describe("exactVersion", () => {
  it.each([
    ["1.27.3", "1.27.3 1.27 1", "1.27.3"],
    ["16.2", "16.2 16.1 16", "16.2"],
    ["39", "39 40 41", "39"],
    ["1.27.3-alpine", "1.27.3-alpine 1.27.3-alpine3.20 1.27-alpine", "1.27.3-alpine"],
    ["4.0.3", "4.0.3 4.0.3-ls99", "4.0.3"],
    // It was deleted, or the list is older than it.
    ["1.27.3", "1.27.4", "1.27.3"],
    ["latest", "1.27.3", undefined],
    ["16", "16.2 16.1 16", undefined],
    ["1.27", "1.27.3 1.28.0", undefined],
    ["16-alpine", "16.2-alpine3.20", undefined],
    ["2026.3", "2026.3 2026.3.1", undefined],
  ])("tells of %s, where there are %s, whether it stands for one version", (tag, tags, expected) => {
    expect(exactVersion(tag, all, versions(tags))?.text).toBe(expected);
  });

  it("takes a tag that the pattern does not match for a moving one", () => {
    expect(exactVersion("1.27.3", (tag) => tag.startsWith("v"), [])).toBeUndefined();
  });
});

describe("newerThan", () => {
  it.each([
    ["1.27.3", "1.26.9 1.27.3 1.27.10 1.28.0 1.28.0-alpine 2024.1.1 latest 1.29.0-rc1", "1.28.0 1.27.10"],
    ["v7.1.0-ls299", "v7.1.0-ls99 v7.1.0-ls300 v8.0.1-ls1 8.0.1 v9.0.0", "v8.0.1-ls1 v7.1.0-ls300"],
    ["2026.08.1", "2026.8.1 2026.8.01 2026.8.2 2026.10.0", "2026.10.0 2026.8.2"],
    ["15.0.2", "9.0.3 15.0.1", ""],
  ])("finds those newer than %s among %s, newest first", (own, tags, expected) => {
    expect(textsOf(newerThan(version(own), versions(tags)))).toBe(expected);
  });

  it("never finds a downgrade, nor another kind of tag", () => {
    const number = fc.nat({ max: 12 }).map(String);
    const tag = fc
      .tuple(
        fc.constantFrom("", "v"),
        fc.array(number, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("", "-ls#", "-alpine", "-alpine#.#", "-rc#"),
        number,
      )
      .map(([prefix, segments, suffix, build]) => `${prefix}${segments.join(".")}${suffix.replaceAll("#", build)}`);
    fc.assert(
      fc.property(tag, fc.array(tag, { maxLength: 30 }), (own, tags) => {
        const current = version(own);
        const found = newerThan(current, versionsAmong(tags, all));

        for (const other of found) {
          expect(isComparable(other, current)).toBe(true);
          expect(compareVersions(other, current)).toBe(1);
          expect(isNewer(current, other)).toBe(false);
        }
        expect(found[0]?.text).toBe(found.toSorted((a, b) => compareVersions(b, a))[0]?.text);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the candidates", () => {
  it.each([
    ["latest", "1.9.0 1.10.0 2.0.0-rc1 1.10.0-ls2", "1.10.0-ls2 1.10.0 1.9.0 2.0.0-rc1"],
    ["16", "17.2 17.1 16.6 16.10 15.1", "16.10 16.6"],
    ["16-alpine", "17.2-alpine 16.6-alpine 16.6 16.6-alpine3.20", "16.6-alpine3.20 16.6-alpine"],
    // Nothing is more exact: any may be it.
    ["v2", "2.0.1 2.0.2", "2.0.2 2.0.1"],
    ["nightly", "nightly-20260801 nightly-20260802", "nightly-20260802 nightly-20260801"],
  ])("for what %s stands for, among %s, begin with the most likely", (tag, tags, expected) => {
    expect(textsOf(candidatesFor(tag, versions(tags)))).toBe(expected);
  });

  it("for what a base tag stands for are of the container's own kind, newest first, older ones too", () => {
    expect(textsOf(candidatesLike(version("1.2.0"), versions("1.1.0 1.3.0 v1.4.0 1.5 1.2.0")))).toBe(
      "1.3.0 1.2.0 1.1.0",
    );
  });
});
