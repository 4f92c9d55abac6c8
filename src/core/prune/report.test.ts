import { describe, expect, it } from "vitest";
import { ageFrom, bytesText, type PruneItem, pruneWishFrom } from "./prune.ts";
import { previewOf, pruneMessage, pruneView } from "./report.ts";

const item = (
  name: string,
  verdict: PruneItem["verdict"],
  reason = "",
  bytes: number | null = 1_500_000,
): PruneItem => ({
  ...{ id: name, name, bytes, verdict, reason },
});
const images = [
  item("a", "remove"),
  item("b", "remove"),
  item("c", "in_use", "web uses it"),
  item("d", "keep", "its label gangway.prune says so"),
];

describe("the report of a prune", () => {
  it("says in one sentence what would go and what not, and why; what is simply in use goes without saying", () => {
    const preview = previewOf({ what: "images" }, images);

    expect(pruneMessage(preview, {})).toBe(
      "Would remove 2 images, at least 3 MB; would keep 1: d (its label gangway.prune says so).",
    );
    expect(pruneMessage({ ...preview, preview: false, reclaimedBytes: 412_300_000 }, {})).toBe(
      "Removed 2 images, 412 MB reclaimed; kept 1: d (its label gangway.prune says so).",
    );
  });

  it.each([
    ["images", {}, "There is no dangling image to remove."],
    ["images", { all: true }, "There is no unused image to remove."],
    ["containers", {}, "There is no stopped container to remove."],
    ["volumes", {}, "There is no unused anonymous volume to remove."],
    ["volumes", { all: true }, "There is no unused volume to remove."],
    ["networks", {}, "There is no unused network to remove."],
    ["build_cache", {}, "There is no unused build cache record to remove."],
  ] as const)("of nothing at all, for %s with %o, is: %s", (what, wish, expected) => {
    expect(pruneMessage(previewOf({ what }, []), wish)).toBe(expected);
  });

  it("has no figure where the engine told none, and none for networks", () => {
    expect(pruneMessage(previewOf({ what: "volumes" }, [item("a", "remove", "", null)]), {})).toBe(
      "Would remove 1 volume.",
    );
    expect(pruneMessage(previewOf({ what: "networks" }, [item("a", "remove", "", null)]), {})).toBe(
      "Would remove 1 network.",
    );
  });

  it("names the first of many", () => {
    const kept = ["a", "b", "c", "d", "e"].map((name) => item(name, "keep", "so"));

    expect(pruneMessage(previewOf({ what: "networks" }, kept), {})).toBe(
      "There is no unused network to remove; would keep 5: a (so), b (so), c (so) and 2 more.",
    );
  });

  it("goes out with what was removed, and what was kept", () => {
    expect(pruneView(previewOf({ what: "images" }, images))).toMatchObject({
      what: "images",
      preview: true,
      reclaimed_bytes: 3_000_000,
      removed: [{ id: "a" }, { id: "b" }],
      kept: [
        { id: "c", in_use: true },
        { id: "d", in_use: false, reason: "its label gangway.prune says so" },
      ],
    });
  });
});

describe("an age", () => {
  it.each([
    ["90", 90_000],
    [90, 90_000],
    ["45s", 45_000],
    ["30m", 1_800_000],
    ["12h", 43_200_000],
    [" 30d ", 2_592_000_000],
    ["2w", 1_209_600_000],
    ["0", 0],
  ])("of %o is %i ms", (text, ms) => {
    expect(ageFrom(text)).toBe(ms);
  });

  it.each(["", "1y", "-1d", "1.5h", "d", "1e9", "9999999999s", "999999999w", -1, 1.5, Number.NaN])(
    "is not %o",
    (text) => {
      expect(ageFrom(text)).toBeUndefined();
      expect(pruneWishFrom({ older_than: text })).toBeUndefined();
    },
  );
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 kB"],
    [999_600, "1 MB"],
    [412_345_678, "412 MB"],
    [1_540_000_000, "1.54 GB"],
    [20e12, "20 TB"],
  ])("%i are shown as %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});
