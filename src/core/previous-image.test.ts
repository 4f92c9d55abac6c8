import { describe, expect, it } from "vitest";
import { familiarText, parseImageReference } from "./image-reference.ts";
import { isPreviousImageNeeded, previousImageFor, previousRepositoryFor } from "./previous-image.ts";

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
