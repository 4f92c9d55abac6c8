import { describe, expect, it } from "vitest";
import { hashOf } from "../../../test/engine-model.ts";
import { imageOf, recreate } from "../../../test/recreation.ts";

const oldId = hashOf(`image ${JSON.stringify(imageOf("1"))}`, "sha256:");
const newId = hashOf(`image ${JSON.stringify(imageOf("2"))}`, "sha256:");
const oldManifest = hashOf("old manifest", "sha256:");
const newManifest = hashOf("new manifest", "sha256:");

describe("the labels of a recreated container", () => {
  it.each([
    ["keeps the user's", { a: "1" }, { a: "1" }],
    ["leaves the image's to the new image", {}, undefined],
    ["takes a value that equals the image's for the image's", { "from-image": "1", a: "" }, { a: "" }],
    ["keeps what overrides the image's", { "from-image": "mine" }, { "from-image": "mine" }],
  ])("%s", (_promise, Labels, expected) => {
    expect(recreate({ Labels }).plan.body["Labels"]).toEqual(expected);
  });

  it.each([
    "com.docker.compose.project",
    "com.docker.compose.replace",
    "com.docker.swarm.node.id",
    "com.docker.stack.namespace",
    "gangway.enable",
  ])("keeps %s even where the image has the same", (name) => {
    const oldImage = { Labels: { [name]: "x" } };

    expect(recreate({}, { oldImage }).plan.body["Labels"]).toEqual({ [name]: "x" });
  });
});

describe("compose's note of the image", () => {
  const label = "com.docker.compose.image";
  const withManifest = {
    as: (inspect: ReturnType<typeof recreate>["before"]) => ({
      ...inspect,
      ImageManifestDescriptor: { digest: oldManifest },
    }),
  };

  it("becomes the new image's id", () => {
    const { plan } = recreate({ Labels: { [label]: oldId } });

    expect(plan.body["Labels"]).toEqual({ [label]: newId });
    expect(plan.warnings).toEqual([]);
  });

  it("becomes an id where it was one and the engine tells manifests too", () => {
    const setting = { ...withManifest, input: { newManifestId: newManifest } };

    expect(recreate({ Labels: { [label]: oldId } }, setting).plan.body["Labels"]).toEqual({ [label]: newId });
  });

  it("becomes an id where the image is a manifest itself", () => {
    const as = (inspect: ReturnType<typeof recreate>["before"]) => ({
      ...inspect,
      ImageManifestDescriptor: { digest: inspect.Image },
    });
    const { plan } = recreate({ Labels: { [label]: oldId } }, { as, input: { newManifestId: newManifest } });

    expect(plan.body["Labels"]).toEqual({ [label]: newId });
  });

  it("becomes the new manifest's id where it was the old one's", () => {
    const { plan } = recreate(
      { Labels: { [label]: oldManifest } },
      { ...withManifest, input: { newManifestId: newManifest } },
    );

    expect(plan.body["Labels"]).toEqual({ [label]: newManifest });
    expect(plan.warnings).toEqual([]);
  });

  it("becomes the image's id where the manifest's is not known, with a warning", () => {
    const { plan } = recreate({ Labels: { [label]: oldManifest } }, withManifest);

    expect(plan.body["Labels"]).toEqual({ [label]: newId });
    expect(plan.warnings).toEqual([expect.stringContaining("docker compose up")]);
  });

  it("is not added where compose made none", () => {
    expect(recreate({ Labels: { "com.docker.compose.project": "p" } }).plan.body["Labels"]).toEqual({
      "com.docker.compose.project": "p",
    });
  });
});
