import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareVersions,
  isComparable,
  isMoreExact,
  newestFirst,
  type VersionTag,
  versionTagFrom,
} from "./version-tag.ts";

function version(text: string): VersionTag {
  const tag = versionTagFrom(text);
  if (tag === undefined) throw new Error(`${text} names no version`);
  return tag;
}

const commit = "8f4248874c0d5e1a2b3c4d5e6f708192a3b4c5d6";

describe("versionTagFrom", () => {
  it.each([
    // text, prefix, segments, suffix, builds
    ["1.27.3", "", "1 27 3", "", ""],
    ["v2.10.4", "v", "2 10 4", "", ""],
    ["version-4.0.3.1413", "version-", "4 0 3 1413", "", ""],
    ["16.2-alpine3.19", "", "16 2", "-alpine#.#", "3 19"],
    ["v4.0.3-ls215", "v", "4 0 3", "-ls#", "215"],
    ["1.32.5.7349-ls210", "", "1 32 5 7349", "-ls#", "210"],
    ["1.32.5.7349-8f4248874", "", "1 32 5 7349", "-%", ""],
    ["1.2.3-5-gabcdef0", "", "1 2 3", "-#-%", "5"],
    ["3.0.0.4.386_51255", "", "3 0 0 4 386", "_#", "51255"],
    ["2026.08.1", "", "2026 08 1", "", ""],
    ["20240101123456", "", "20240101123456", "", ""],
    ["RELEASE.2024-01-13T07-53-03Z", "RELEASE.", "2024", "-#-#T#-#-#Z", "01 13 07 53 03"],
    ["b4567", "b", "4567", "", ""],
    ["7.4.1-r2-ls99", "", "7 4 1", "-r#-ls#", "2 99"],
    // The digits of an architecture count for nothing.
    ["arm64v8-1.2.3", "arm64v8-", "1 2 3", "", ""],
    ["1.2.3-arm32v7", "", "1 2 3", "-arm32v7", ""],
    ["1.2.3-linux-x86_64", "", "1 2 3", "-linux-x86_64", ""],
    ["x86_64-1.2", "x86_64-", "1 2", "", ""],
    ["1.2.3-armv7", "", "1 2 3", "-armv7", ""],
  ])("takes %s apart", (text, prefix, segments, suffix, builds) => {
    const tag = version(text);

    expect({ ...tag, segments: tag.segments.join(" "), builds: tag.builds.join(" ") }).toMatchObject({
      text,
      prefix,
      segments,
      suffix,
      builds,
    });
  });

  it.each([
    "latest",
    "stable-alpine",
    "lts",
    "amd64-latest",
    "arm64v8",
    "1a2b3c4",
    commit,
    "main-1a2b3c4",
    "sha-1a2b3c4",
    "sha-1234567",
    "sha1234567",
    "commit-1234567",
    `sha256-${"a1".repeat(32)}`,
    `sha256-${"a1".repeat(32)}.sig`,
    "1.2.3.sig",
    "1.2.3.att",
    "1.2.3.sbom",
    "",
  ])("takes %s for no version", (text) => {
    expect(versionTagFrom(text)).toBeUndefined();
  });

  it.each([
    ["1.2.3-rc1", true],
    ["1.2.3-RC.1", true],
    ["v3.0.0-beta.12", true],
    ["16beta2", true],
    ["2026.8.0b3", true],
    ["2026.8.0a1", true],
    ["2026.8.0.dev202608010231", true],
    ["nightly-20260801", true],
    ["2.0.0-SNAPSHOT", true],
    ["3.3.0-M1", true],
    ["1.2.3-preview-5", true],
    ["1.2.3", false],
    ["1.2.3-alpine3.20", false],
    ["8u392-b08", false],
    ["1.2.3-predator", false],
    ["1.2.3-devilbox1", false],
    ["v1.2.3-ls4", false],
  ])("tells of %s whether it is no release yet: %s", (text, isPreRelease) => {
    expect(version(text).isPreRelease).toBe(isPreRelease);
  });

  it("reads any tag in time, and gives its text back", () => {
    const tag = fc.string({ unit: fc.constantFrom(..."aefgvx0019.-_A"), minLength: 1, maxLength: 128 });
    fc.assert(
      fc.property(tag, (text) => {
        expect(versionTagFrom(text)?.text ?? text).toBe(text);
      }),
    );
    expect(versionTagFrom(`${"a1".repeat(63)}-1`)?.text).toHaveLength(128);
  });
});

describe("isComparable", () => {
  it.each([
    ["1.27.3", "1.28.0", true],
    ["v1.2.3-ls123", "v1.2.4-ls130", true],
    ["1.27.3-alpine3.19", "1.28.0-alpine3.20", true],
    ["1.32.5.7349-8f4248874", "1.40.0.7998-c29d4c0c8", true],
    ["2026.08.1", "2026.9.0", true],
    ["b9999", "b10000", true],
    ["1.2.3-rc1", "1.2.4-rc2", true],
    // Another kind of tag.
    ["1.2.3", "v1.2.4", false],
    ["1.2.3", "1.3", false],
    ["1.2.3", "1.2.3.4", false],
    ["1.2.3-alpine", "1.2.4", false],
    ["1.2.3-alpine", "1.2.4-alpine3.20", false],
    ["1.2.3-bookworm", "1.2.4-trixie", false],
    ["1.2.3", "1.2.4-rc1", false],
    ["2026.8.0", "2026.9.0.dev202608010231", false],
    ["2026.8.0", "2026.9.0b1", false],
    ["14.1", "16beta1", false],
    // Another architecture.
    ["arm32v7-1.2.3", "arm64v8-1.2.4", false],
    ["1.2.3-armv6", "1.2.4-armv7", false],
    ["1.2.3", "1.2.4-amd64", false],
    // Another scheme.
    ["1.2.3", "2024.1.1", false],
    ["16", "20240101", false],
    ["2024", "20240101", false],
    ["20240101", "20240101123456", false],
  ])("between %s and %s: %s, in both directions", (a, b, expected) => {
    expect(isComparable(version(a), version(b))).toBe(expected);
    expect(isComparable(version(b), version(a))).toBe(expected);
  });
});

describe("compareVersions", () => {
  it.each([
    ["1.9.0", "1.10.0"],
    ["v4.0.3-ls99", "v4.0.3-ls215"],
    ["v4.0.3-ls215", "v4.0.4-ls1"],
    ["1.32.5.7349", "1.32.5.7350"],
    ["1.27.3-alpine3.9", "1.27.3-alpine3.19"],
    ["2026.9.0", "2026.10.0"],
    ["2026.08.1", "2026.9.0"],
    ["20240101123456", "20240101123457"],
    ["9007199254740992", "9007199254740993"],
    ["15.0.2", "16.0.0"],
    ["9.0.3", "15.0.2"],
    ["RELEASE.2024-01-13T07-53-03Z", "RELEASE.2024-02-01T00-00-00Z"],
  ])("puts %s before %s", (older, newer) => {
    expect(compareVersions(version(older), version(newer))).toBe(-1);
    expect(compareVersions(version(newer), version(older))).toBe(1);
  });

  it.each([
    ["2026.08.1", "2026.8.1"],
    ["1.2.3-1a2b3c4", "1.2.3-4c3b2a1"],
  ])("takes neither %s nor %s for the newer one", (a, b) => {
    expect(compareVersions(version(a), version(b))).toBe(0);
  });

  const number = fc.oneof(fc.nat({ max: 30 }).map(String), fc.constantFrom("00", "01", "2024", "20240101123456"));
  const tag = fc
    .tuple(
      fc.constantFrom("", "v", "release-"),
      fc.array(number, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("", "-ls#", "-alpine#.#", "-rc#", "-abcdef0", "_#", "-arm64v8"),
      fc.infiniteStream(number),
    )
    .map(([prefix, segments, suffix, builds]) => {
      const filled = suffix.replaceAll("#", () => String(builds.next().value));
      return version(`${prefix}${segments.join(".")}${filled}`);
    });

  it("is antisymmetric and transitive, over all kinds of tags", () => {
    fc.assert(
      fc.property(tag, tag, tag, (a, b, c) => {
        expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0);
        expect(compareVersions(a, a)).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
        if (compareVersions(a, b) === 0 && compareVersions(b, c) === 0) expect(compareVersions(a, c)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it("makes newestFirst a total order that agrees with it: any order of the same tags becomes one", () => {
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 20 }), (tags) => {
        const sorted = tags.toSorted(newestFirst);

        expect(
          tags
            .toReversed()
            .toSorted(newestFirst)
            .map(({ text }) => text),
        ).toEqual(sorted.map(({ text }) => text));
        for (const [index, next] of sorted.slice(1).entries()) {
          expect(compareVersions(sorted[index] ?? next, next)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe("isMoreExact", () => {
  it.each([
    ["1.27.3", "1.27", true],
    ["1.27.3", "1", true],
    ["2026.3.1", "2026.03", true],
    ["16.2-alpine", "16-alpine", true],
    ["16.2-alpine3.19", "16-alpine", true],
    ["v8.1.0", "v8", true],
    ["17.1", "16", false],
    ["160.1", "16", false],
    ["16.2", "v16", false],
    ["16.2-alpine", "16", false],
    ["16.2-rc1", "16", false],
    ["16.2", "16-alpine", false],
    ["16.2", "16.2", false],
    ["16", "16.2", false],
  ])("is %s of %s: %s", (exact, tag, expected) => {
    expect(isMoreExact(version(exact), version(tag))).toBe(expected);
  });
});
