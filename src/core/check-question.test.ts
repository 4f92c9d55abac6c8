import { describe, expect, it } from "vitest";
import {
  type CheckQuestion,
  findingFrom,
  isHere,
  pinnedFinding,
  questionFor,
  type RemoteAnswer,
} from "./check-question.ts";
import type { LocalImage } from "./image-identity.ts";
import { parseImageReference } from "./image-reference.ts";
import { type Finding, recordAfter } from "./update-status.ts";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const [config, old, current] = [digestOf("c"), digestOf("1"), digestOf("2")];
const platform = { os: "linux", architecture: "arm", variant: "v7" };

/** An image of the classic store, whose id is not a digest at any registry; and the same in the containerd store. */
const image: LocalImage = { id: config, repoDigests: [`nginx@${old}`], platform };
const inContainerd: LocalImage = { ...image, id: old, isDigestId: true };
const built = { isBuilt: true, repositories: [] };

function reference(text: string) {
  const parsed = parseImageReference(text);
  if (parsed.kind !== "reference") throw new Error(text);
  return parsed;
}

describe("questionFor", () => {
  it.each<[string, LocalImage, boolean]>([
    ["an image that came from there", image, true],
    ["one of several repositories", { ...image, repoDigests: [`ghcr.io/nginx@${current}`, `nginx@${old}`] }, true],
    ["an image of the containerd store, which may have been built here as well", inContainerd, false],
    ["one whose tag has moved on there", { ...inContainerd, repoDigests: [] }, false],
    [
      "one whose origin the engine remembers",
      { ...inContainerd, origin: { isBuilt: true, repositories: ["docker.io/library/nginx"] } },
      true,
    ],
  ])("asks the registry about %s", (_, local, isPulled) => {
    const question = { kind: "ask", reference: reference("nginx:latest"), local, isPulled };

    expect(questionFor("nginx", local)).toEqual(question);
  });

  it.each<[string, string, LocalImage | undefined, string, string]>([
    ["an image id", config, image, "unknown_image", "created from an image id"],
    ["a bare image id", "c".repeat(64), image, "unknown_image", "created from an image id"],
    ["a short image id", "cccccccccccc", image, "unknown_image", "created from an image id"],
    [
      "an id that has a tag",
      config,
      { ...image, repoTags: ["nginx:1.27"] },
      "unknown_image",
      "create it from nginx:1.27",
    ],
    ["no reference at all", "No Such Image", image, "unknown_image", "is not an image reference"],
    ["an image that the engine no longer knows", "nginx", undefined, "unknown_local_digest", "no longer has a record"],
    [
      "an image that was built here",
      "nginx",
      { id: config, repoDigests: [] },
      "unknown_local_digest",
      "built or imported",
    ],
    [
      "one that the engine says was built here",
      "nginx",
      { ...inContainerd, origin: built },
      "unknown_local_digest",
      "built or imported",
    ],
    [
      "an image that was only tagged so",
      "nginx",
      { id: config, repoDigests: [`ghcr.io/team/nginx@${old}`] },
      "unknown_local_digest",
      "pulled from ghcr.io/team/nginx and only tagged nginx:latest",
    ],
    [
      "one of which the engine says so",
      "nginx",
      { ...inContainerd, origin: { isBuilt: false, repositories: ["ghcr.io/team/nginx"] } },
      "unknown_local_digest",
      "pulled from ghcr.io/team/nginx",
    ],
  ])("asks nobody about %s", (_name, text, local, status, reason) => {
    const question = questionFor(text, local);

    expect(question).toMatchObject({ kind: "settled", status, reason: expect.stringContaining(reason) });
    expect(question).not.toHaveProperty("installedDigest");
    expect(question.kind === "settled" ? question.reason : "").toMatch(/^\S.*\.$/);
  });

  it("takes a name of hexadecimal digits for a name where the image has it", () => {
    const named = { ...image, repoTags: ["cccc:1"], repoDigests: [`cccc@${old}`] };

    expect(questionFor("cccc", named)).toMatchObject({ kind: "ask", reference: { repository: "library/cccc" } });
  });

  it.each([image, undefined])("leaves a container alone that is pinned", (local) => {
    const pinned = { kind: "settled", status: "pinned", installedDigest: old };

    expect(questionFor(`nginx@${old}`, local)).toMatchObject(pinned);
  });

  it.each([image, undefined])("asks only for the tag of one that is pinned and has a tag", (local) => {
    const pinned = { kind: "pinned", digest: old, reference: reference("nginx:1"), local };

    expect(questionFor(`nginx:1@${old}`, local)).toEqual(pinned);
  });
});

describe("pinnedFinding", () => {
  const pinned = { kind: "pinned", digest: old, reference: reference("nginx:1") } as const;

  it.each<[string, LocalImage | undefined, string | undefined, string]>([
    ["cannot be told", image, undefined, "."],
    ["is the same", undefined, old, ", which nginx:1 still stands for."],
    [
      "is another one of the same image",
      { ...image, repoDigests: [`nginx@${old}`, `nginx@${current}`] },
      current,
      ", which nginx:1 still stands for.",
    ],
    ["is another one", image, current, "; nginx:1 stands for another one, 222222222222."],
    ["is another one, and the image is gone", undefined, current, "; nginx:1 stands for another one, 222222222222."],
  ])("stays pinned where the tag's digest %s", (_, local, now, end) => {
    const reason = `The container is pinned to ${old}${end}`;

    expect(pinnedFinding({ ...pinned, local }, now)).toEqual({ status: "pinned", reason, installedDigest: old });
  });
});

describe("findingFrom", () => {
  const ask = (isPulled = true, local = image): Extract<CheckQuestion, { kind: "ask" }> => ({
    kind: "ask",
    reference: reference("nginx"),
    local,
    isPulled,
  });
  const compared = (comparison: Extract<RemoteAnswer, { kind: "compared" }>["comparison"], here = false) =>
    ({ kind: "compared", digest: current, comparison, isHere: here }) as const;
  const failed = (isAbsent: boolean) => ({ kind: "error", reason: "why", isAbsent }) as const;

  it.each<[string, RemoteAnswer, Finding]>([
    [
      "the same digest",
      compared({ kind: "same", by: "digest" }),
      { status: "up_to_date", reason: "nginx:latest still has the container's digest.", latestDigest: current },
    ],
    [
      "another digest of the same image",
      compared({ kind: "same", by: "content" }),
      {
        status: "up_to_date",
        reason: "nginx:latest has another digest, but for linux/arm/v7 it is still the container's image.",
        latestDigest: current,
      },
    ],
    [
      "another image",
      compared({ kind: "different" }),
      { status: "update_available", reason: "nginx:latest now is another image.", latestDigest: current },
    ],
    [
      "another image that is here",
      compared({ kind: "different" }, true),
      {
        status: "update_available",
        reason: "nginx:latest now is another image, which is pulled already: the container only has to be recreated.",
        latestDigest: current,
      },
    ],
    [
      "an index without the platform",
      compared({ kind: "no_platform", platforms: ["linux/amd64", "linux/arm64"] }),
      {
        status: "registry_error",
        reason: "nginx:latest has no image for linux/arm/v7 any more, only for linux/amd64, linux/arm64.",
      },
    ],
    [
      "an index without any image",
      compared({ kind: "no_platform", platforms: [] }),
      { status: "registry_error", reason: "nginx:latest has no image for linux/arm/v7 any more." },
    ],
    [
      "something that is no image",
      compared({ kind: "artifact" }),
      { status: "registry_error", reason: "nginx:latest does not stand for a container image any more." },
    ],
    ["no answer", failed(false), { status: "registry_error", reason: "why" }],
    ["no such tag", failed(true), { status: "registry_error", reason: "why" }],
  ])("says of %s what is certain, and no more", (_, answer, finding) => {
    expect(findingFrom(ask(), answer, false)).toEqual(finding);
  });

  it("does not compare with an image that the engine knows nothing of any more", () => {
    expect(findingFrom(ask(), compared({ kind: "incomparable" }), true)).toMatchObject({
      status: "unknown_local_digest",
    });
  });

  it.each([
    ["may be a local one where nothing tells that it was pulled", false, false, true, "unknown_local_digest"],
    ["is gone where it was seen there before", false, true, true, "registry_error"],
    ["is gone where the engine knows that it was pulled", true, false, true, "registry_error"],
    ["is not missing while the registry says nothing", false, false, false, "registry_error"],
  ])("an image that the registry does not show %s", (_, isPulled, wasCertain, isAbsent, status) => {
    const found = findingFrom(ask(isPulled, inContainerd), failed(isAbsent), wasCertain);

    expect(found).toMatchObject({ status, reason: expect.stringMatching(/why|built or imported/) });
  });

  it.each([
    compared({ kind: "no_platform", platforms: [] }),
    compared({ kind: "artifact" }),
    failed(true),
    failed(false),
  ])("keeps the last verdict where it is not certain of another: %#", (answer) => {
    const subject = { imageId: config, reference: "nginx", checkedAt: "" };
    const before = recordAfter(undefined, findingFrom(ask(), compared({ kind: "different" }), false), subject);
    const after = recordAfter(before, findingFrom(ask(), answer, true), subject);

    expect(after).toMatchObject({ status: "registry_error", verdict: "update_available", latestDigest: current });
  });
});

describe("isHere", () => {
  it.each<[string, LocalImage | undefined, boolean]>([
    ["nothing has the tag", undefined, false],
    ["the tag still is the container's image", { ...image, repoDigests: [`nginx@${current}`] }, false],
    ["the tag is the newest image", { id: digestOf("d"), repoDigests: [`nginx@${current}`] }, true],
    ["the tag is its configuration", { id: digestOf("e"), repoDigests: [] }, true],
    ["the tag is yet another image", { id: digestOf("f"), repoDigests: [`nginx@${old}`] }, false],
  ])("tells whether the newest image was pulled: %s", (_, tagged, expected) => {
    expect(isHere(tagged, image, current, digestOf("e"))).toBe(expected);
  });
});
