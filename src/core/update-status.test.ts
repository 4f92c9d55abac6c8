import { describe, expect, it } from "vitest";
import type { LocalImage } from "./image-identity.ts";
import { parseImageReference } from "./image-reference.ts";
import {
  type AttemptStep,
  type Attempts,
  type CheckRecord,
  installedDigestOf,
  recordAfter,
  recordAfterAttempt,
  recordAfterRollback,
  recordAfterUpdate,
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

describe("recordAfter", () => {
  const subject = { imageId: config, reference: "nginx", checkedAt: "2026-03-01T12:00:00Z" };
  const later = { ...subject, checkedAt: "2026-03-01T18:00:00Z" };
  const available = { status: "update_available", reason: "new", latestDigest: current, installedDigest: old } as const;
  const upToDate = { status: "up_to_date", reason: "same", latestDigest: old, installedDigest: old } as const;
  const failed = { status: "registry_error", reason: "down" } as const;
  const previous: CheckRecord = recordAfter(undefined, available, subject);

  it.each([available, upToDate])("takes a certain answer for the verdict: $status", (found) => {
    expect(recordAfter(undefined, found, subject)).toMatchObject({ ...found, ...subject, verdict: found.status });
    expect(recordAfter(previous, found, later)).toMatchObject({ ...found, ...later, verdict: found.status });
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
          latestSince: subject.checkedAt,
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

    expect(recordAfter(down, upToDate, later)).toMatchObject({ ...upToDate, ...later, verdict: "up_to_date" });
  });

  it.each<[string, CheckRecord, string]>([
    ["the first time it is seen", recordAfter(undefined, available, later), later.checkedAt],
    ["for as long as it stays", recordAfter(previous, available, later), subject.checkedAt],
    [
      "while the registry says nothing",
      recordAfter(recordAfter(previous, failed, later), available, later),
      subject.checkedAt,
    ],
    [
      "anew when another one comes",
      recordAfter(previous, { ...available, latestDigest: other }, later),
      later.checkedAt,
    ],
    [
      "from the check of a record that does not say it",
      recordAfter({ ...available, ...subject, verdict: "update_available" }, available, later),
      subject.checkedAt,
    ],
  ])("notes since when a digest is known: %s", (_name, record, since) => {
    expect(record.latestSince).toBe(since);
  });

  describe("while there is an update", () => {
    const [platformImage, nextImage] = [digestOf("8"), digestOf("9")];
    const offered = { ...available, latestImage: platformImage, latest: { version: "2" } };
    const first = recordAfterAttempt(recordAfter(undefined, offered, subject), current, "rolled_back");

    it("takes another digest of the same image for the version that is known", () => {
      const { latest: _, ...found } = { ...offered, latestDigest: other };

      expect(recordAfter(first, found, later)).toEqual({ ...first, ...later });
    });

    it("takes another image for another version", () => {
      const found = { ...offered, latestDigest: other, latestImage: nextImage, latest: {} };

      expect(recordAfter(first, found, later)).toMatchObject({
        latestDigest: other,
        latestImage: nextImage,
        latest: {},
        latestSince: later.checkedAt,
      });
    });

    it("adds what is learnt of the same digest later", () => {
      const found = { ...available, latestImage: platformImage, latest: { version: "2", source: "s" } };

      expect(recordAfter(recordAfter(undefined, available, subject), found, later)).toMatchObject({
        latestImage: platformImage,
        latest: { version: "2", source: "s" },
        latestSince: subject.checkedAt,
      });
    });

    it("is forgotten once the tag has the container's image again", () => {
      expect(recordAfter(first, upToDate, later)).not.toHaveProperty("latestImage");
    });
  });

  it("remembers attempts at a digest, also when the tag goes away from it and comes back", () => {
    const tried = recordAfterAttempt(previous, current, "begun");
    const back = recordAfter(recordAfter(tried, upToDate, later), available, later);

    expect(back.attempts).toEqual({ digest: current, count: 1, rolledBack: false });
    expect(recordAfter(tried, failed, { ...later, imageId: digestOf("d") })).not.toHaveProperty("attempts");
  });
});

describe("recordAfterAttempt", () => {
  const record: CheckRecord = {
    status: "update_available",
    reason: "new",
    checkedAt: "2026-03-01T12:00:00Z",
    imageId: config,
    reference: "nginx",
    verdict: "update_available",
    latestDigest: current,
  };

  const attempts = (count: number, rolledBack: boolean, digest = current) => ({ digest, count, rolledBack });

  it.each<[string, Attempts | undefined, AttemptStep, Attempts | undefined]>([
    ["counts the first", undefined, "begun", attempts(1, false)],
    ["counts the second", attempts(1, false), "begun", attempts(2, false)],
    ["begins anew with another digest", attempts(2, true, other), "begun", attempts(1, false)],
    ["never forgets a rollback", attempts(1, true), "begun", attempts(2, true)],
    ["notes a rollback", attempts(2, false), "rolled_back", attempts(2, true)],
    [
      "notes a rollback that was noted under another digest",
      attempts(1, true, other),
      "rolled_back",
      attempts(1, true),
    ],
    ["takes the first back", attempts(1, false), "called_off", undefined],
    ["takes the second back", attempts(2, false), "called_off", attempts(1, false)],
  ])("%s", (_name, before, step, after) => {
    const found = recordAfterAttempt(before === undefined ? record : { ...record, attempts: before }, current, step);

    expect(found).toEqual(after === undefined ? record : { ...record, attempts: after });
  });

  it("keeps what was known of the version that was rolled back", () => {
    const before = { ...record, latestImage: digestOf("8"), latest: { version: "2" } };
    const after = (latestDigest: string) =>
      recordAfterRollback("nginx", image, { latestDigest, judged: true, before }, "2026-03-01T12:00:00Z");

    expect(after(current)).toMatchObject({ latestImage: digestOf("8"), latest: { version: "2" } });
    expect(after(other)).not.toHaveProperty("latest");
  });

  it("is what a rollback leaves as well, but not an update that was only interrupted", () => {
    const left = (judged: boolean) =>
      recordAfterRollback("nginx", image, { latestDigest: current, judged }, "2026-03-01T12:00:00Z").attempts;

    expect(left(true)).toEqual({ digest: current, count: 1, rolledBack: true });
    expect(left(false)).toBeUndefined();
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
