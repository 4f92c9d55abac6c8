import { describe, expect, it } from "vitest";
import { trackingFault, trackingFor } from "./tag-tracking.ts";

const settings = {
  images: [
    { image: "nginx", autoUpdate: true },
    { image: "nginx", tags: { regex: "^1\\.", baseTag: "stable" } },
    { image: "nginx:*", tags: { regex: "^never" } },
    { image: "ghcr.io/**", tags: { regex: "^v" } },
  ],
};

describe("trackingFor", () => {
  it.each([
    ["nothing", "redis:7", {}, undefined],
    [
      "the first setting of the image that speaks of tags",
      "nginx:1.27.3",
      {},
      { regex: "^1\\.", source: "the configuration of its image", baseTag: "stable" },
    ],
    ["a pattern for many images", "ghcr.io/team/app:v1", {}, { regex: "^v", source: "the configuration of its image" }],
    [
      "a label alone",
      "redis:7",
      { "gangway.tags.regex": "^7\\.", "gangway.tags.base": "7" },
      { regex: "^7\\.", source: "the label gangway.tags.regex", baseTag: "7" },
    ],
    ["WUD's label", "redis:7", { "wud.tag.include": "^7\\." }, { regex: "^7\\.", source: "the label wud.tag.include" }],
    [
      "each label above the configuration",
      "nginx:1.27.3",
      { "gangway.tags.regex": "^2\\." },
      { regex: "^2\\.", source: "the label gangway.tags.regex", baseTag: "stable" },
    ],
    [
      "the base tag's label above the configuration",
      "nginx:1.27.3",
      { "gangway.tags.base": "mainline" },
      { regex: "^1\\.", source: "the configuration of its image", baseTag: "mainline" },
    ],
    ["no base tag without a pattern", "redis:7", { "gangway.tags.base": "7" }, undefined],
  ])("finds %s", (_, image, labels, expected) => {
    expect(trackingFor({ image, labels }, settings)).toEqual(expected);
  });
});

describe("trackingFault", () => {
  const tracking = { regex: "x", source: "the label gangway.tags.regex" };

  it.each([
    [
      "a pattern that is refused",
      tracking,
      { kind: "refused", reason: "missing closing ) ((1)" } as const,
      "The pattern for version tags in the label gangway.tags.regex is refused: missing closing ) ((1).",
    ],
    [
      "a base tag that is none",
      { ...tracking, baseTag: "not a tag" },
      { kind: "pattern" } as const,
      'The label gangway.tags.base names "not a tag", which is no tag.',
    ],
    ["nothing of what can be done", { ...tracking, baseTag: "latest" }, { kind: "pattern" } as const, undefined],
  ])("says it of %s", (_, subject, pattern, expected) => {
    expect(trackingFault(subject, pattern)).toBe(expected);
  });
});
