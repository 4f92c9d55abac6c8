import { describe, expect, it } from "vitest";
import { familiarText, parseImageReference } from "./image-reference.ts";
import {
  isPreviousImageNeeded,
  previousImageFor,
  previousReferenceFor,
  previousRepositoryFor,
} from "./previous-image.ts";

describe("the repository for a container's previous image", () => {
  it.each([
    ["web", "gangway/keep/web"],
    ["home-web-1", "gangway/keep/home-web-1"],
    ["Web", "gangway/keep/web-"],
    ["a_b", "gangway/keep/a-b-"],
    ["a.b", "gangway/keep/a-b-"],
    ["__", "gangway/keep/"],
  ])("of %s begins with %s and can be parsed", (container, start) => {
    const repository = previousRepositoryFor(container);

    expect(repository.startsWith(start)).toBe(true);
    expect(parseImageReference(repository).kind).toBe("reference");
  });

  it("is another one for every name", () => {
    const names = ["a_b", "a.b", "a-b", "A-b", "a_b_", "__", "_"];

    expect(new Set(names.map(previousRepositoryFor)).size).toBe(names.length);
  });
});

it("the tag of a previous image tells when it was replaced", () => {
  expect(familiarText(previousImageFor("web", "2026-11-21T03:15:02.123Z"))).toBe("gangway/keep/web:20261121-031502");
});

describe("a previous image", () => {
  const tag = previousImageFor("web", "2026-11-21T03:15:02Z");
  const kept = "gangway/keep/web:20261121-031502";

  it.each([
    [[kept], [], true],
    [[kept], ["app@sha256:1"], false],
    [[kept, "app:old"], [], false],
    [[kept, "gangway/keep/web:20261122-031502"], [], true],
    [[kept], ["<none>@<none>"], true],
  ])("with the names %j and %j would be lost with its tag: %s", (RepoTags, RepoDigests, expected) => {
    expect(isPreviousImageNeeded({ RepoTags, RepoDigests }, tag)).toBe(expected);
  });
});

describe("previousReferenceFor", () => {
  const kept = "gangway/keep/web:20261121-031502";

  it.each([
    ["the version's tag that the image still has", "nginx:1.28.0", [kept, "nginx:1.27.3"], "nginx:1.27.3"],
    [
      "it as the container names its image",
      "docker.io/library/nginx:1.28.0",
      ["nginx:1.27.3"],
      "docker.io/library/nginx:1.27.3",
    ],
    ["the newest of several", "nginx:1.28.0", ["nginx:1.9.0", "nginx:1.27.3", "nginx:1.27"], "nginx:1.27.3"],
    ["the same reference where the tag had only moved", "nginx:1.28.0", [kept], "nginx:1.28.0"],
    [
      "the same where the image has that tag again",
      "nginx:1.28.0",
      ["nginx:1.27.3", "nginx:1.28.0", "nginx:1.29.0"],
      "nginx:1.28.0",
    ],
    ["the same where the tag is no version", "nginx:stable", ["nginx:1.27.3"], "nginx:stable"],
    ["no tag of another repository", "nginx:1.28.0", ["other/nginx:1.27.3"], "nginx:1.28.0"],
    ["no other kind of tag", "nginx:1.28.0", ["nginx:1.27.3-alpine", "nginx:mainline"], "nginx:1.28.0"],
  ])("is %s", (_, current, RepoTags, expected) => {
    expect(previousReferenceFor(current, { RepoTags })).toBe(expected);
  });
});
