import { describe, expect, it } from "vitest";
import { pulledTagsOf } from "./retags.ts";

describe("the tag that an update takes from the image of a container", () => {
  const Id = `sha256:${"1".repeat(64)}`;
  it.each([
    ["web:stable", ["web:stable"], "docker.io/library/web:stable"],
    ["web", ["other:1", "web:latest"], "docker.io/library/web:latest"],
    ["docker.io/library/web:1", ["web:1"], "docker.io/library/web:1"],
    ["127.0.0.1:5000/web:1", ["127.0.0.1:5000/web:1"], "127.0.0.1:5000/web:1"],
    ["web:stable", [], undefined],
    ["web:stable", ["web:1", "gangway/keep:1a2b3c4d"], undefined],
    [`web@${Id}`, ["web:latest"], undefined],
    [`web:stable@${Id}`, ["web:stable"], undefined],
    ["<none>", ["<none>:<none>"], undefined],
  ])("%s, of an image with the tags %j, is %s", (reference, RepoTags, expected) => {
    const retags = expected === undefined ? [] : [{ reference: expected, imageId: Id }];

    expect(pulledTagsOf(reference, { Id, RepoTags })).toEqual(retags);
  });
});
