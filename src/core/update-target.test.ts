import { describe, expect, it } from "vitest";
import type { CheckRecord } from "./update-status.ts";
import { latestVersionFor, updateTargetFor } from "./update-target.ts";

const inspect = (Image: string, id = "sha256:1") => ({ Image: id, Config: { Image } }) as never;
const check = (reference: string, targetTag?: string): CheckRecord => ({
  status: "update_available",
  verdict: "update_available",
  reason: "",
  checkedAt: "2026-11-21T00:00:00Z",
  imageId: "sha256:1",
  reference,
  ...(targetTag === undefined ? {} : { targetTag }),
});

describe("updateTargetFor", () => {
  it.each([
    ["the tag that the check has found", "nginx:1.27.3", check("nginx:1.27.3", "1.28.0"), "nginx:1.28.0"],
    [
      "the image as it is written",
      "docker.io/library/nginx:1.27.3",
      check("docker.io/library/nginx:1.27.3", "1.28.0"),
      "docker.io/library/nginx:1.28.0",
    ],
    ["its own tag before the first check", "nginx:1.27.3", undefined, "nginx:1.27.3"],
    ["its own tag where the check found no other", "nginx:1.27.3", check("nginx:1.27.3"), "nginx:1.27.3"],
    [
      "its own tag where the check was of another reference",
      "nginx:1.27.3",
      check("nginx:1.26.0", "1.28.0"),
      "nginx:1.27.3",
    ],
    ["no older version", "nginx:1.27.3", check("nginx:1.27.3", "1.26.9"), "nginx:1.27.3"],
    ["no other kind of version", "nginx:1.27.3", check("nginx:1.27.3", "1.28.0-alpine"), "nginx:1.27.3"],
    ["its own tag where that is no version", "nginx:stable", check("nginx:stable", "1.28.0"), "nginx:stable"],
    [
      "what is pinned",
      `nginx@sha256:${"a".repeat(64)}`,
      check(`nginx@sha256:${"a".repeat(64)}`, "1.28.0"),
      `nginx@sha256:${"a".repeat(64)}`,
    ],
  ])("is %s", (_, image, record, expected) => {
    expect(updateTargetFor(inspect(image), record).reference).toBe(expected);
  });

  it("is its own tag where the check was of another image", () => {
    expect(updateTargetFor(inspect("nginx:1.27.3", "sha256:2"), check("nginx:1.27.3", "1.28.0"))).toEqual({
      reference: "nginx:1.27.3",
    });
  });
});

describe("latestVersionFor", () => {
  const record = { latestVersion: "1.28.0", latestDigest: "sha256:b" };

  it.each([
    ["another tag, whatever its digest", "nginx:1.28.0", "sha256:c", "1.28.0"],
    ["the digest that was checked", "nginx:stable", "sha256:b", "1.28.0"],
    ["nothing for another digest", "nginx:stable", "sha256:c", undefined],
    ["nothing without a digest", "nginx:stable", undefined, undefined],
  ])("names %s", (_, reference, digest, expected) => {
    expect(latestVersionFor({ reference, check: record }, "nginx:stable", digest)).toBe(expected);
  });
});
