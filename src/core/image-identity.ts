import { createHash } from "node:crypto";
import { parseImageReference } from "./image-reference.ts";
import { detailsOfConfig, type ImageDetails } from "./image-version.ts";
import type { ImageConfig, ImageInspect, Platform } from "./inspect.ts";

/** What the engine can say of the image that a container runs. */
export interface LocalImage {
  readonly id: string;
  /** `nginx@sha256:…`; several of one repository, in no useful order. */
  readonly repoDigests: readonly string[];
  readonly repoTags?: readonly string[];
  readonly platform?: Platform;
  /** Digest of the platform's manifest: told from API 1.48 on by the containerd image store. */
  readonly manifest?: string;
  /** What tells the content where nothing else does: see `contentOf`. */
  readonly content?: string;
  readonly layerCount?: number;
  readonly details?: ImageDetails;
  /** In the containerd image store the id is a digest of the registry's kind; otherwise the configuration's. */
  readonly isDigestId?: boolean;
  /** Where it came from, as the engine itself remembers it: API 1.53 and later. */
  readonly origin?: ImageOrigin;
}

export interface ImageOrigin {
  readonly isBuilt: boolean;
  /** Full names of the repositories that it was pulled from or pushed to. */
  readonly repositories: readonly string[];
}

/** An image from its inspect answer. */
export function localImageFrom(inspect: ImageInspect): LocalImage {
  const { Id: id, RepoDigests: repoDigests, RepoTags: repoTags, Os: os, Architecture: architecture } = inspect;
  const { Variant: variant, Created: created, RootFS, Identity, Config } = inspect;
  const layers = RootFS?.Layers ?? undefined;
  return {
    id,
    repoDigests,
    repoTags,
    ...(os === "" || architecture === ""
      ? {}
      : { platform: { os, architecture, ...(variant === undefined || variant === "" ? {} : { variant }) } }),
    ...(layers === undefined
      ? {}
      : { layerCount: layers.length, content: contentOf({ layers, created, config: Config }) }),
    details: detailsOfConfig(Config.Labels, created),
    ...(Identity === undefined || Identity === null
      ? {}
      : {
          origin: {
            isBuilt: (Identity.Build ?? []).length > 0,
            repositories: (Identity.Pull ?? []).flatMap(({ Repository }) => Repository ?? []),
          },
        }),
  };
}

/** What makes an image, apart from the spelling. */
export interface ImageContent {
  /** Digests of the uncompressed layers, lowest first. */
  readonly layers: readonly string[];
  /** RFC 3339 */
  readonly created?: string | undefined;
  /** The settings that every image can have. */
  readonly config: Pick<ImageConfig, "Env" | "Cmd" | "Entrypoint" | "Labels" | "User" | "WorkingDir">;
}

/**
 * One text for an image's content, to compare where no digest can be compared. The layers alone do not tell an image: a
 * new command needs no new layer, and reproducible builds have no time of their own.
 */
export function contentOf({ layers, created = "", config }: ImageContent): string {
  const time = Date.parse(created);
  const { Env, Cmd, Entrypoint, Labels, User, WorkingDir } = config;
  const lists = [layers, Env, Cmd, Entrypoint].map((list) => list ?? []);
  const labels = Object.entries(Labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = [...lists, labels, User ?? "", WorkingDir ?? "", Number.isNaN(time) ? "" : time];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

/** What a digest at a registry is for one platform. It never changes, so what was learnt once is kept. */
export type RemoteImage =
  | {
      readonly kind: "image";
      /** Digest of the platform's own manifest. */
      readonly manifest: string;
      /** False: nobody has said yet which platform it is for. */
      readonly isStated: boolean;
      /** Of the configuration; absent until the manifest was read. */
      readonly config?: string;
      readonly layerCount?: number;
      /** See `contentOf`; absent until the configuration was read, or where it could not be. */
      readonly content?: string;
      readonly isConfigRead: boolean;
      readonly details: ImageDetails;
    }
  /** With the platforms that it has instead. */
  | { readonly kind: "no_platform"; readonly platforms: readonly string[] }
  /** It is no container image at all. */
  | { readonly kind: "artifact" };

/** What has to be read next at the registry: what the digest stands for, its platform's manifest, its configuration. */
export type Reading = "digest" | "manifest" | "config";

/** How a container's image and what its tag stands for compare. */
export type Comparison =
  /** `by`: the digest itself, or what it leads to. */
  | { readonly kind: "same"; readonly by: "digest" | "content" }
  | { readonly kind: "different" }
  | { readonly kind: "no_platform"; readonly platforms: readonly string[] }
  | { readonly kind: "artifact" }
  /** The engine no longer knows enough of the container's image. */
  | { readonly kind: "incomparable" }
  | { readonly kind: "open"; readonly needs: Reading };

/**
 * Compares the container's image with what its tag stands for, `digest`; `remote` is what is known of that already. A
 * digest stands for its content wherever it was pulled from. An index can get another digest while this platform's image
 * stays: then manifest or configuration are the same still.
 */
export function compareImages(local: LocalImage, digest: string, remote: RemoteImage | undefined): Comparison {
  const own = digestsOf(local);
  if (own.includes(digest)) return { kind: "same", by: "digest" };
  if (remote === undefined) return { kind: "open", needs: "digest" };
  if (remote.kind !== "image") return remote;
  if (own.includes(remote.manifest) || local.manifest === remote.manifest) return { kind: "same", by: "content" };
  if (remote.config !== undefined && local.isDigestId !== true && remote.config === local.id) {
    return { kind: "same", by: "content" };
  }
  const isTold = local.manifest !== undefined;
  if (remote.config === undefined && !isTold) return { kind: "open", needs: "manifest" };
  if (!remote.isStated && !remote.isConfigRead) return { kind: "open", needs: "config" };
  const isOnlyContentTold = local.isDigestId === true && !isTold;
  // An image can be pushed anew in another format: then its manifest is another, too.
  const isSameContent = remote.content !== undefined && remote.content === local.content;
  if (local.isDigestId === true && isSameContent) return { kind: "same", by: "content" };
  if (!isOnlyContentTold) return { kind: "different" };
  if (local.content === undefined) return { kind: "incomparable" };
  const isOpen = !remote.isConfigRead && remote.layerCount === local.layerCount;
  return isOpen ? { kind: "open", needs: "config" } : { kind: "different" };
}

/** All digests by which a registry may know this image. */
export function digestsOf({ id, repoDigests, isDigestId, manifest }: LocalImage): readonly string[] {
  const told = repoDigests.flatMap((text) => {
    const parsed = parseImageReference(text);
    return parsed.kind === "reference" && parsed.digest !== undefined ? [parsed.digest] : [];
  });
  return [...told, ...(isDigestId === true ? [id] : []), ...(manifest === undefined ? [] : [manifest])];
}
