import { createHash } from "node:crypto";
import type { BedRegistry } from "../bed/registry.ts";

/** The kinds of things that a tag can stand for. */
export const mediaTypes = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
} as const;

export type Kind = keyof typeof mediaTypes;

export function digestOf(content: string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** Pushes an image without layers, or an index of one for two platforms; gives the digest that the tag then has. */
export async function push(
  registry: Pick<BedRegistry, "ask">,
  repository: string,
  tag: string,
  kind: Kind,
): Promise<string> {
  switch (kind) {
    case "ociManifest":
    case "dockerManifest":
      return putManifest(registry, repository, tag, kind, await imageManifest(registry, repository, kind, tag));
    case "ociIndex":
    case "dockerList": {
      const member = kind === "ociIndex" ? "ociManifest" : "dockerManifest";
      const manifests = await Promise.all(
        ["amd64", "arm64"].map(async (architecture) => {
          const manifest = await imageManifest(registry, repository, member, `${tag} ${architecture}`);
          const digest = await putManifest(registry, repository, digestOf(manifest), member, manifest);
          const platform = { architecture, os: "linux" };
          return { mediaType: mediaTypes[member], digest, size: Buffer.byteLength(manifest), platform };
        }),
      );
      const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes[kind], manifests });
      return putManifest(registry, repository, tag, kind, index);
    }
    default:
      return kind satisfies never;
  }
}

async function imageManifest(
  registry: Pick<BedRegistry, "ask">,
  repository: string,
  kind: "ociManifest" | "dockerManifest",
  content: string,
): Promise<string> {
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
    content,
  });
  const digest = await putBlob(registry, repository, config);
  const oci = kind === "ociManifest";
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes[kind],
    config: {
      mediaType: oci ? "application/vnd.oci.image.config.v1+json" : "application/vnd.docker.container.image.v1+json",
      digest,
      size: Buffer.byteLength(config),
    },
    layers: [],
  });
}

async function putBlob(registry: Pick<BedRegistry, "ask">, repository: string, content: string): Promise<string> {
  const digest = digestOf(content);
  const upload = await registry.ask({ method: "POST", path: `/v2/${repository}/blobs/uploads/` });
  const { pathname, searchParams } = new URL(upload.headers.location ?? "", "http://registry");
  searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  const reply = await registry.ask({ method: "PUT", path: `${pathname}?${searchParams}`, headers, body: content });
  if (reply.status !== 201) throw new Error(`the registry refused a blob: ${reply.status} ${reply.body}`);
  return digest;
}

async function putManifest(
  registry: Pick<BedRegistry, "ask">,
  repository: string,
  tag: string,
  kind: Kind,
  body: string,
): Promise<string> {
  const headers = { "content-type": mediaTypes[kind] };
  const reply = await registry.ask({ method: "PUT", path: `/v2/${repository}/manifests/${tag}`, headers, body });
  if (reply.status !== 201) throw new Error(`the registry refused a manifest: ${reply.status} ${reply.body}`);
  return digestOf(body);
}
