import { describe, expect, it } from "vitest";
import { runningContainer } from "../../test/running-container.ts";
import { installedVersion, latestVersion } from "./entry.ts";
import {
  type CheckRecord,
  type Finding,
  recordAfter,
  recordAfterRollback,
  recordAfterUpdate,
} from "./update-status.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const subject = { imageId: "image", reference: "app:1.0.0", checkedAt: "2026-11-21T00:00:00Z" };
const offer: Finding = {
  status: "update_available",
  reason: "newer",
  installedDigest: digest("a"),
  installedVersion: "1.0.0",
  latestDigest: digest("b"),
  latestVersion: "1.1.0",
  targetTag: "1.1.0",
};
const before = recordAfter(undefined, offer, subject);

const container = runningContainer("web", { image: "app:1.0.0", imageId: "image" });

describe("a record with version tags", () => {
  it("shows them, with the digests", () => {
    expect(installedVersion({ container, check: before })).toBe("1.0.0 (aaaaaaaaaaaa)");
    expect(latestVersion({ container, check: before })).toBe("1.1.0 (bbbbbbbbbbbb)");
  });

  it("keeps the target while nothing certain is known", () => {
    const record = recordAfter(before, { status: "registry_error", reason: "HTTP 500" }, subject);

    expect(record).toMatchObject({ verdict: "update_available", targetTag: "1.1.0", installedVersion: "1.0.0" });
    expect(record).toMatchObject({ latestVersion: "1.1.0", latestDigest: digest("b") });
  });

  it.each<[string, Finding]>([
    ["up to date", { status: "up_to_date", reason: "", latestDigest: digest("a") }],
    ["offered by its digest", { status: "update_available", reason: "", latestDigest: digest("b") }],
  ])("forgets target and names where the container is %s and nobody speaks of versions any more", (_, found) => {
    const record = recordAfter(before, found, subject);

    for (const member of ["targetTag", "latestVersion", "installedVersion"]) expect(record).not.toHaveProperty(member);
  });

  it("forgets all of it with the reference", () => {
    const moved = recordAfter(before, { status: "registry_error", reason: "" }, { ...subject, reference: "app:1.1.0" });

    expect(moved).not.toHaveProperty("targetTag");
    expect(moved).not.toHaveProperty("verdict");
  });

  it("hands the name on to the container that was just updated, if it is that version", () => {
    const updated = (letter: string): CheckRecord | undefined =>
      recordAfterUpdate("app:1.1.0", { id: "new", repoDigests: [`app@${digest(letter)}`] }, subject.checkedAt, {
        before,
      });

    expect(updated("b")).toMatchObject({ installedVersion: "1.1.0", latestVersion: "1.1.0", verdict: "up_to_date" });
    expect(updated("b")).not.toHaveProperty("targetTag");
    expect(updated("c")).not.toHaveProperty("installedVersion");
  });

  it.each([
    ["what the check had found", digest("b"), undefined],
    ["the tag that the update was for, also where the check knew another digest", digest("c"), "1.1.0"],
  ])("still offers, after a rollback, %s", (_, latestDigest, targetTag) => {
    const image = { id: "image", repoDigests: [`app@${digest("a")}`] };
    const record = recordAfterRollback("app:1.0.0", image, { latestDigest, judged: true, targetTag, before }, "now");

    expect(record).toMatchObject({
      latestDigest,
      targetTag: "1.1.0",
      latestVersion: "1.1.0",
      installedVersion: "1.0.0",
    });
  });
});
