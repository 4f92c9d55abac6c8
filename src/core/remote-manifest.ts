import type { ImageConfig, Platform } from "./inspect.ts";

/*
 * What a registry has under a digest: the parts that Gangway reads
 * (https://github.com/opencontainers/image-spec/blob/main/image-index.md, manifest.md, config.md).
 */

export type Annotations = Readonly<Record<string, string>>;

/** A line of an index. */
export interface IndexEntry {
  readonly digest: string;
  /** Another index, by its media type; everything else is taken for an image. */
  readonly isIndex: boolean;
  readonly platform?: Platform;
  readonly annotations: Annotations;
  /** It says itself that it is something else than an image: a signature, a bill of materials. */
  readonly isArtifact: boolean;
}

/** A manifest or an index. */
export type RemoteManifest =
  | { readonly kind: "index"; readonly entries: readonly IndexEntry[]; readonly annotations: Annotations }
  | {
      readonly kind: "image";
      /** Digest of the image's configuration: in the classic image store, the image's id. */
      readonly config: string;
      readonly layerCount: number;
      readonly annotations: Annotations;
    }
  /** A Helm chart, a signature, or what else registries keep. */
  | { readonly kind: "artifact" };

/** An image's configuration. */
export interface RemoteConfig {
  readonly platform: Platform;
  readonly config: Pick<ImageConfig, "Env" | "Cmd" | "Entrypoint" | "Labels" | "User" | "WorkingDir">;
  /** RFC 3339; reproducible builds say 1970. */
  readonly created?: string;
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly string[];
}
