import { Readable } from "node:stream";
import type Docker from "dockerode";
import type { Platform } from "../../src/core/inspect.ts";
import { type Blob, blobOf, buildImage, type Image, type ImageSpec } from "./image.ts";
import type { BedRegistry, Reply } from "./registry.ts";
import { tarOf } from "./tar.ts";

/** An image to publish under a name and tag. */
export interface Publication extends ImageSpec {
  /** The repository: `app`, `team/app`. */
  readonly name: string;
  readonly tag: string;
  /** Publishes an index with one image for each; just the image, if absent. */
  readonly platforms?: readonly Platform[];
}

export interface PublishedImage {
  /** What a container names: `127.0.0.1:<port>/app:1`. */
  readonly reference: string;
  /** What the tag stands for now: the digest of the manifest or index. */
  readonly digest: string;
  /** The image's id in an engine with the classic image store; the first platform's, where there are several. */
  readonly imageId: string;
}

export type Ask = Pick<BedRegistry, "ask" | "host">;

/**
 * Puts an image into the registry. No engine takes part: to all of them it is new until they pull it. Where two push the
 * same layer at the same moment, the registry may for a while not know it: the push is repeated then.
 */
export async function publishImage(registry: Ask, publication: Publication): Promise<PublishedImage> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pushOnce(registry, publication);
    } catch (error) {
      const isRace = error instanceof Error && error.message.includes("BLOB_UNKNOWN");
      if (!isRace || attempt === mostPushes) throw error;
    }
  }
}

const mostPushes = 5;

async function pushOnce(registry: Ask, publication: Publication): Promise<PublishedImage> {
  const { name, tag, platforms } = publication;
  const specs = platforms?.map((platform) => ({ ...publication, platform })) ?? [publication];
  const images = await Promise.all(specs.map((spec) => buildImage(spec)));
  for (const blob of images.flatMap(({ config, layers }) => [config, ...layers])) await putBlob(registry, name, blob);
  const manifests = images.map((image) => ({ image, manifest: blobOf(JSON.stringify(manifestOf(image))) }));
  const [first] = manifests;
  if (first === undefined) throw new Error("an index needs at least one platform");
  if (platforms === undefined) {
    await putManifest(registry, name, tag, first.manifest, manifestType);
  } else {
    for (const { manifest } of manifests) await putManifest(registry, name, manifest.digest, manifest, manifestType);
  }
  const index = blobOf(JSON.stringify(indexOf(manifests)));
  if (platforms !== undefined) await putManifest(registry, name, tag, index, indexType);
  return {
    reference: `${registry.host}/${name}:${tag}`,
    digest: platforms === undefined ? first.manifest.digest : index.digest,
    imageId: first.image.config.digest,
  };
}

/** Takes everything that stands under `digest` out of the registry, its tags too. */
export async function unpublishImage(registry: Ask, name: string, digest: string): Promise<void> {
  expectStatus(202, await registry.ask({ method: "DELETE", path: `/v2/${name}/manifests/${digest}` }));
}

/** Gives an image to an engine directly, as if it had been built there: no registry knows it. Returns its id. */
export async function loadImage(docker: Docker, reference: string, spec: ImageSpec): Promise<string> {
  const { config, layers } = await buildImage(spec);
  const fileOf = ({ digest }: Blob) => `${digest.slice("sha256:".length)}.tar`;
  const manifest = [{ Config: "config.json", RepoTags: [reference], Layers: layers.map(fileOf) }];
  const archive = tarOf([
    { path: "config.json", content: config.bytes },
    ...layers.map((layer) => ({ path: fileOf(layer), content: layer.bytes })),
    { path: "manifest.json", content: JSON.stringify(manifest) },
  ]);
  await progressOf(await docker.loadImage(Readable.from([archive])));
  const { Id } = await docker.getImage(reference).inspect();
  return Id;
}

/** Has an engine pull an image, as `docker pull` does, showing the registry `credentials` if there are some. */
export async function pullImage(
  docker: Docker,
  reference: string,
  credentials?: Docker.AuthConfigObject,
): Promise<void> {
  await progressOf(await docker.pull(reference, credentials === undefined ? {} : { authconfig: credentials }));
}

/** Has an engine push an image, as `docker push` does. */
export async function pushImage(docker: Docker, reference: string): Promise<void> {
  // The engine insists on credentials, be they empty.
  const authconfig = { username: "", password: "", serveraddress: "" };
  await progressOf(await docker.getImage(reference).push({ authconfig }));
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
const indexType = "application/vnd.docker.distribution.manifest.list.v2+json";

/** https://distribution.github.io/distribution/spec/manifest-v2-2/ */
function manifestOf({ config, layers }: Image): unknown {
  return {
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptorOf(config, "application/vnd.docker.container.image.v1+json"),
    layers: layers.map((layer) => descriptorOf(layer, "application/vnd.docker.image.rootfs.diff.tar")),
  };
}

function indexOf(manifests: readonly { readonly image: Image; readonly manifest: Blob }[]): unknown {
  return {
    schemaVersion: 2,
    mediaType: indexType,
    manifests: manifests.map(({ image, manifest }) => ({
      ...descriptorOf(manifest, manifestType),
      platform: image.platform,
    })),
  };
}

function descriptorOf({ bytes, digest }: Blob, mediaType: string) {
  return { mediaType, size: bytes.length, digest };
}

export async function putBlob(registry: Ask, name: string, { bytes, digest }: Blob): Promise<void> {
  const known = await registry.ask({ method: "HEAD", path: `/v2/${name}/blobs/${digest}` });
  if (known.status === 200) return;
  const upload = expectStatus(202, await registry.ask({ method: "POST", path: `/v2/${name}/blobs/uploads/` }));
  const location = new URL(upload.headers.location ?? "", "http://registry");
  location.searchParams.set("digest", digest);
  const put = await registry.ask({
    method: "PUT",
    path: `${location.pathname}${location.search}`,
    headers: { "content-type": "application/octet-stream", "content-length": String(bytes.length) },
    body: bytes,
  });
  expectStatus(201, put);
}

export async function putManifest(
  registry: Ask,
  name: string,
  tag: string,
  { bytes }: Blob,
  type: string,
): Promise<void> {
  const path = `/v2/${name}/manifests/${tag}`;
  expectStatus(201, await registry.ask({ method: "PUT", path, headers: { "content-type": type }, body: bytes }));
}

function expectStatus(status: number, reply: Reply): Reply {
  if (reply.status !== status) throw new Error(`the registry answered ${reply.status}: ${reply.body}`);
  return reply;
}

/** Reads an engine's progress to its end. Errors come as lines of it, after a status that promised success. */
async function progressOf(stream: NodeJS.ReadableStream): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  const failed = Buffer.concat(chunks)
    .toString("utf8")
    .split("\n")
    .find((line) => line.includes('"error"'));
  if (failed !== undefined) throw new Error(`the engine failed: ${failed}`);
}
