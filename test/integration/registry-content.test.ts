import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseImageReference } from "../../src/core/image-reference.ts";
import { alice, basicOf, type Client, openClient } from "../registry/client.ts";
import { openScripted, type Script, type Scripted } from "../registry/scripted.ts";

const signal = new AbortController().signal;
const digestOf = (body: string, algorithm = "sha256"): string =>
  `${algorithm}:${createHash(algorithm).update(body).digest("hex")}`;
const [config, layer] = ["c", "d"].map((letter) => `sha256:${letter.repeat(64)}`);

/** Asks a server with this script about what it has under `digest`. */
async function ask<Found>(
  script: Script,
  question: (registry: Client["registry"], reference: never) => Promise<Found>,
  wishes: Parameters<typeof openClient>[0] = {},
): Promise<Found> {
  await using server = await openScripted(script);
  await using client = openClient(wishes);
  return await question(client.registry, parseImageReference(`${server.host}/team/app:1`) as never);
}

const answering =
  (body: string): Script =>
  () => ({ status: 200, headers: { "content-type": "application/octet-stream" }, body });
const manifestIn = (body: object) => {
  const text = JSON.stringify(body);
  return ask(answering(text), (registry, reference) => registry.manifestAt(reference, digestOf(text), signal));
};

describe("what stands under a digest", () => {
  const image = { schemaVersion: 2, config: { digest: config }, layers: [{ digest: layer }] };

  it.each<[string, object, object]>([
    ["an image without any media type", image, { kind: "image", config, layerCount: 1, annotations: {} }],
    ["an image without layers", { ...image, layers: null }, { kind: "image", layerCount: 0 }],
    [
      "annotations that are no text",
      { ...image, annotations: { a: "1", b: 2, c: null } },
      { kind: "image", annotations: { a: "1" } },
    ],
    [
      "a Helm chart",
      { ...image, config: { digest: config, mediaType: "application/vnd.cncf.helm.config.v1+json" } },
      { kind: "artifact" },
    ],
    ["an artifact with a type of its own", { ...image, artifactType: "application/x" }, { kind: "artifact" }],
    [
      "an index whose entries say little",
      {
        schemaVersion: 2,
        annotations: null,
        manifests: [
          { digest: config },
          { digest: config, platform: null, annotations: null, artifactType: null },
          { digest: layer, platform: { os: "linux", architecture: "arm", variant: "v7", features: [] } },
          { digest: layer, artifactType: "application/x", platform: { os: "", architecture: "" } },
          { digest: layer, mediaType: "application/vnd.oci.image.index.v1+json" },
        ],
      },
      {
        kind: "index",
        annotations: {},
        entries: [
          { digest: config, isIndex: false, isArtifact: false, annotations: {} },
          { digest: config, isIndex: false, isArtifact: false, annotations: {} },
          { digest: layer, platform: { os: "linux", architecture: "arm", variant: "v7" } },
          { digest: layer, isArtifact: true },
          { digest: layer, isIndex: true },
        ],
      },
    ],
  ])("is read: %s", async (_, body, found) => {
    expect(await manifestIn(body)).toMatchObject(found);
  });

  it("is proven by SHA-512 as well", async () => {
    const text = JSON.stringify(image);
    const found = ask(answering(text), (registry, reference) =>
      registry.manifestAt(reference, digestOf(text, "sha512"), signal),
    );

    expect(await found).toMatchObject({ kind: "image" });
  });

  it.each<[string, Scripted, string]>([
    ["something else", { status: 200, body: JSON.stringify(image) }, "something else"],
    ["more than any manifest has", { status: 200, body: " ".repeat(9 * 1024 * 1024) }, "more than 8 MiB"],
    ["nothing", { status: 404 }, "which it names itself"],
    ["an error", { status: 500 }, "answered HTTP 500"],
  ])("is not believed where the registry sends %s", async (_, answer, message) => {
    const found = ask(
      () => answer,
      (registry, reference) => registry.manifestAt(reference, config ?? "", signal),
      { timing: { retryMs: 1 } },
    );

    await expect(found).rejects.toThrow(message);
  });

  it.each([{}, { schemaVersion: 1 }, { schemaVersion: 2 }, { schemaVersion: 2, manifests: [{ digest: "x" }] }])(
    "is no image: %j",
    async (body) => {
      await expect(manifestIn(body)).rejects.toMatchObject({ code: "registry_answer_invalid" });
    },
  );
});

describe("an image's configuration", () => {
  const text = JSON.stringify({
    os: "linux",
    architecture: "arm64",
    variant: "v8",
    created: "2026-03-01T12:00:00Z",
    config: { Labels: { a: "1" }, Cmd: ["run"], Env: null },
    rootfs: { type: "layers", diff_ids: [layer] },
  });

  it("is read from the store that the registry sends its clients to, which sees no credentials", async () => {
    await using store = await openScripted(answering(text));
    const registry: Script = ({ authorization }) =>
      authorization === basicOf("alice", "wonderland")
        ? { status: 307, headers: { location: `http://${store.host}/blob?signature=x` } }
        : { status: 401, headers: { "www-authenticate": 'Basic realm="r"' } };

    const found = await ask(registry, (client, reference) => client.configAt(reference, digestOf(text), signal), {
      credentials: () => alice,
    });

    expect(found).toMatchObject({
      platform: { os: "linux", architecture: "arm64", variant: "v8" },
      created: "2026-03-01T12:00:00Z",
      config: { Labels: { a: "1" }, Cmd: ["run"] },
      diffIds: [layer],
    });
    expect(store.seen).toMatchObject([{ method: "GET", authorization: undefined }]);
  });

  it("may say little", async () => {
    const little = JSON.stringify({ os: "linux", architecture: "amd64", config: null, rootfs: null });
    const found = await ask(answering(little), (client, reference) =>
      client.configAt(reference, digestOf(little), signal),
    );

    expect(found).toMatchObject({ platform: { os: "linux", architecture: "amd64" }, diffIds: [] });
  });
});
