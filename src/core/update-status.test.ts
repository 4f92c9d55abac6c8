import { describe, expect, it } from "vitest";
import { parseImageReference } from "./image-reference.ts";
import {
  type CheckRecord,
  installedDigestOf,
  type LocalImage,
  questionFor,
  recordAfter,
  recordAfterUpdate,
  statusFrom,
} from "./update-status.ts";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const [config, old, current, other] = [digestOf("c"), digestOf("1"), digestOf("2"), digestOf("3")];

/** An image of the classic store, whose id is not a digest at any registry. */
const image: LocalImage = { id: config, repoDigests: [`nginx@${old}`] };

function reference(text: string) {
  const parsed = parseImageReference(text);
  if (parsed.kind !== "reference") throw new Error(text);
  return parsed;
}

describe("questionFor", () => {
  it("asks the registry about an image that came from there", () => {
    expect(questionFor("nginx", image)).toEqual({ kind: "ask", reference: reference("nginx:latest"), local: image });
  });

  it.each([
    ["an image id", config, image, "unknown_image"],
    ["a bare image id", "c".repeat(64), image, "unknown_image"],
    ["no reference at all", "No Such Image", image, "unknown_image"],
    ["an image that the engine no longer knows", "nginx", undefined, "unknown_local_digest"],
    ["an image that was built here", "nginx", { id: config, repoDigests: [] }, "unknown_local_digest"],
    [
      "an image that came from another repository",
      "nginx",
      { id: config, repoDigests: [`ghcr.io/nginx@${old}`] },
      "unknown_local_digest",
    ],
  ])("asks nobody about %s", (_name, text, local, status) => {
    const question = questionFor(text, local);

    expect(question).toMatchObject({ kind: "settled", status });
    expect(question).not.toHaveProperty("installedDigest");
    expect(question.kind === "settled" ? question.reason : "").toMatch(/^\S.*\.$/);
  });

  it.each([`nginx@${old}`, `nginx:1@${old}`])("leaves a container alone that is pinned, as in %s", (text) => {
    const pinned = { kind: "settled", status: "pinned", installedDigest: old };

    expect(questionFor(text, image)).toMatchObject(pinned);
    expect(questionFor(text, undefined)).toMatchObject(pinned);
  });
});

describe("statusFrom", () => {
  const answer = (digest: string) => ({ kind: "digest", digest }) as const;

  it.each<[string, LocalImage, string, string]>([
    ["its only digest", image, old, "up_to_date"],
    ["any of several", { id: config, repoDigests: [`nginx@${old}`, `nginx@${current}`] }, current, "up_to_date"],
    ["the first of several", { id: config, repoDigests: [`nginx@${old}`, `nginx@${current}`] }, old, "up_to_date"],
    ["its id, in the containerd store", { id: current, repoDigests: [`nginx@${old}`] }, current, "up_to_date"],
    ["none of its digests", image, current, "update_available"],
    [
      "the digest of another repository's image",
      { id: config, repoDigests: [`nginx@${old}`, `ghcr.io/nginx@${current}`] },
      current,
      "update_available",
    ],
  ])("compares the tag with the container's own image: %s", (_name, local, digest, status) => {
    expect(statusFrom(reference("nginx"), local, answer(digest))).toMatchObject({ status, latestDigest: digest });
  });

  it("keeps the sibling on the old image outdated when another container of the tag was updated", () => {
    const updated: LocalImage = { id: digestOf("d"), repoDigests: [`nginx@${current}`] };

    expect(statusFrom(reference("nginx"), updated, answer(current)).status).toBe("up_to_date");
    expect(statusFrom(reference("nginx"), image, answer(current)).status).toBe("update_available");
  });

  it("says neither yes nor no where the registry gave no digest", () => {
    const found = statusFrom(reference("nginx"), image, { kind: "error", reason: "ghcr.io is down" });

    expect(found).toEqual({ status: "registry_error", reason: "ghcr.io is down" });
  });
});

describe("recordAfter", () => {
  const subject = { imageId: config, reference: "nginx", checkedAt: "2026-03-01T12:00:00Z" };
  const later = { ...subject, checkedAt: "2026-03-01T18:00:00Z" };
  const available = { status: "update_available", reason: "new", latestDigest: current, installedDigest: old } as const;
  const upToDate = { status: "up_to_date", reason: "same", latestDigest: old, installedDigest: old } as const;
  const failed = { status: "registry_error", reason: "down" } as const;
  const previous: CheckRecord = recordAfter(undefined, available, subject);

  it.each([available, upToDate])("takes a certain answer for the verdict: $status", (found) => {
    expect(recordAfter(undefined, found, subject)).toEqual({ ...found, ...subject, verdict: found.status });
    expect(recordAfter(previous, found, later)).toEqual({ ...found, ...later, verdict: found.status });
  });

  it.each(["registry_error", "unknown_image", "unknown_local_digest", "pinned"] as const)(
    "keeps the last verdict over any number of checks that end with %s",
    (status) => {
      const first = recordAfter(previous, { status, reason: "why" }, later);
      const second = recordAfter(first, { status, reason: "why" }, later);

      for (const record of [first, second]) {
        expect(record).toEqual({
          ...later,
          status,
          reason: "why",
          verdict: "update_available",
          latestDigest: current,
          installedDigest: old,
        });
      }
    },
  );

  it("gives no verdict before the first certain answer", () => {
    expect(recordAfter(undefined, failed, subject)).toEqual({ ...failed, ...subject });
  });

  it("keeps no verdict that was given for another image", () => {
    const found = recordAfter(previous, failed, { ...later, imageId: digestOf("d") });

    expect(found).toEqual({ ...failed, ...later, imageId: digestOf("d") });
  });

  it("keeps no verdict that was given for another reference", () => {
    const found = recordAfter(previous, failed, { ...later, reference: "nginx:1" });

    expect(found).toEqual({ ...failed, ...later, reference: "nginx:1" });
  });

  it("replaces the old digests as soon as there is an answer again", () => {
    const down = recordAfter(previous, failed, later);

    expect(recordAfter(down, upToDate, later)).toEqual({ ...upToDate, ...later, verdict: "up_to_date" });
  });
});

describe("installedDigestOf", () => {
  const several: LocalImage = {
    id: config,
    repoDigests: [`ghcr.io/nginx@${other}`, `nginx@${old}`, `nginx@${current}`],
  };

  it.each([
    ["the tag's digest, where the image has it", current, current],
    ["the first of the repository's, where it has not", other, old],
    ["the first of the repository's, where the tag's is not known", undefined, old],
  ])("is %s", (_name, latest, expected) => {
    expect(installedDigestOf(reference("nginx"), several, latest)).toBe(expected);
  });

  it("is not known of an image that came from elsewhere", () => {
    expect(installedDigestOf(reference("quay.io/nginx"), several, current)).toBeUndefined();
  });
});

describe("recordAfterUpdate", () => {
  it("says that the container has what its tag has", () => {
    const updated: LocalImage = { id: digestOf("d"), repoDigests: [`nginx@${current}`] };

    expect(recordAfterUpdate("nginx", updated, "2026-03-01T12:00:00Z")).toMatchObject({
      status: "up_to_date",
      verdict: "up_to_date",
      imageId: updated.id,
      reference: "nginx",
      installedDigest: current,
      latestDigest: current,
    });
  });

  it.each([
    ["an image without digest", "nginx", { id: config, repoDigests: [] }],
    ["an image id", config, image],
  ])("says nothing of %s", (_name, text, local) => {
    expect(recordAfterUpdate(text, local, "2026-03-01T12:00:00Z")).toBeUndefined();
  });
});
