import type { Platform } from "../../src/core/inspect.ts";
import { type Blob, blobOf, buildImage, type Image, type ImageSpec } from "./image.ts";
import { type Ask, putBlob, putManifest } from "./images.ts";

/** What an index can list. */
export type IndexPart =
  | {
      readonly kind: "image";
      readonly spec: ImageSpec;
      readonly annotations?: Readonly<Record<string, string>>;
      /** What the index says of it; the image's own, if absent, nothing, if null. */
      readonly platform?: Platform | null;
    }
  /** As BuildKit adds one for each image: other content, another digest. */
  | { readonly kind: "attestation"; readonly content: string }
  | { readonly kind: "index"; readonly parts: readonly IndexPart[]; readonly platform?: Platform };

export interface IndexPublication {
  readonly name: string;
  readonly tag: string;
  readonly parts: readonly IndexPart[];
  readonly annotations?: Readonly<Record<string, string>>;
}

const types = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  attestation: "application/vnd.in-toto+json",
};

/** Puts an OCI index, with all that it lists, under a tag; gives its reference and digest. */
export async function publishIndex(
  registry: Ask,
  { name, tag, parts, annotations }: IndexPublication,
): Promise<{ readonly reference: string; readonly digest: string }> {
  const index = await indexOf(registry, name, parts, annotations);
  await putManifest(registry, name, tag, index, types.index);
  return { reference: `${registry.host}/${name}:${tag}`, digest: index.digest };
}

/** Puts a single OCI image under a tag; gives its reference, and the digest of its manifest. */
export async function publishSingle(
  registry: Ask,
  { name, tag, spec }: { readonly name: string; readonly tag: string; readonly spec: ImageSpec },
): Promise<{ readonly reference: string; readonly digest: string }> {
  const manifest = await manifestOf(registry, name, await buildImage(spec));
  await putManifest(registry, name, tag, manifest, types.manifest);
  return { reference: `${registry.host}/${name}:${tag}`, digest: manifest.digest };
}

async function indexOf(
  registry: Ask,
  name: string,
  parts: readonly IndexPart[],
  annotations: Readonly<Record<string, string>> | undefined,
): Promise<Blob> {
  const manifests: object[] = [];
  for (const part of parts) manifests.push(await descriptorOf(registry, name, part));
  return blobOf(JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests, annotations }));
}

async function descriptorOf(registry: Ask, name: string, part: IndexPart): Promise<object> {
  switch (part.kind) {
    case "image": {
      const image = await buildImage(part.spec);
      const manifest = await manifestOf(registry, name, image);
      await putManifest(registry, name, manifest.digest, manifest, types.manifest);
      const platform = part.platform === null ? {} : { platform: part.platform ?? image.platform };
      return { ...entryOf(manifest, types.manifest), ...platform, annotations: part.annotations };
    }
    case "attestation": {
      const config = blobOf(JSON.stringify({ architecture: "unknown", os: "unknown", config: {}, rootfs: {} }));
      const statement = blobOf(JSON.stringify({ content: part.content }));
      for (const blob of [config, statement]) await putBlob(registry, name, blob);
      const body = { config: entryOf(config, types.config), layers: [entryOf(statement, types.attestation)] };
      const manifest = blobOf(JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, ...body }));
      await putManifest(registry, name, manifest.digest, manifest, types.manifest);
      return {
        ...entryOf(manifest, types.manifest),
        platform: { architecture: "unknown", os: "unknown" },
        annotations: { "vnd.docker.reference.type": "attestation-manifest" },
      };
    }
    case "index": {
      const index = await indexOf(registry, name, part.parts, undefined);
      await putManifest(registry, name, index.digest, index, types.index);
      return { ...entryOf(index, types.index), platform: part.platform };
    }
    default:
      return part satisfies never;
  }
}

async function manifestOf(registry: Ask, name: string, { config, layers }: Image): Promise<Blob> {
  for (const blob of [config, ...layers]) await putBlob(registry, name, blob);
  return blobOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: entryOf(config, types.config),
      layers: layers.map((layer) => entryOf(layer, types.layer)),
    }),
  );
}

function entryOf({ bytes, digest }: Blob, mediaType: string) {
  return { mediaType, size: bytes.length, digest };
}
