import type { ImageSummary } from "./engine-answers.ts";

/*
 * What lies on the engine's disk, and the calls that take it away one by one.
 */

/** A line of `GET /images/json`. */
export interface StoredImage extends ImageSummary {
  readonly labels: Labels;
}

/** An entry of `GET /volumes`. */
export interface StoredVolume {
  readonly name: string;
  readonly labels: Labels;
  /** Milliseconds since 1970; absent where the engine does not tell. */
  readonly createdMs?: number;
}

/** An entry of `GET /networks`. */
export interface StoredNetwork {
  readonly id: string;
  readonly name: string;
  readonly labels: Labels;
  /** `local`, `swarm`, `global`. */
  readonly scope: string;
  /** Is it only a template for others, or the swarm's own? */
  readonly isInternal: boolean;
  readonly createdMs?: number;
}

type Labels = Readonly<Record<string, string>>;

/** The parts of `GET /system/df`, in the engine's words. */
export type DiskPart = "image" | "container" | "volume" | "build-cache";

/** What `GET /system/df` says, as far as it was asked. Null: the engine does not tell. */
export interface DiskUsage {
  /** Bytes of all layers, each counted once. */
  readonly layerBytes: number | null;
  readonly images: readonly ImageUsage[];
  readonly containers: readonly SizedThing[];
  readonly volumes: readonly (SizedThing & { readonly isUsed: boolean })[];
  readonly buildCache: readonly CacheRecord[];
}

/** By its id; a volume by its name. */
export interface SizedThing {
  readonly id: string;
  readonly bytes: number | null;
}

export interface ImageUsage extends SizedThing {
  /** Those of its layers that no other image has. */
  readonly uniqueBytes: number | null;
  readonly isUsed: boolean;
}

export interface CacheRecord extends SizedThing {
  readonly description: string;
  /** BuildKit's word: `regular`, `source.local`, `frontend`, `internal`, … */
  readonly type: string;
  readonly isUsed: boolean;
  /** Does an image have it too? */
  readonly isShared: boolean;
  readonly lastUsedMs?: number;
}

/** The engine's disk. Every call rejects as those of `Engine` do. */
export interface Disk {
  /** All images but the intermediate ones of the classic builder. */
  readonly storedImages: (signal: AbortSignal) => Promise<readonly StoredImage[]>;
  /**
   * When each image was pulled last, by the name that it was pulled under (`nginx:1.27`, `nginx@sha256:…`), as far as the
   * engine remembers: Docker knows its last 256 events, and none from before its start. Milliseconds since 1970.
   */
  readonly pulls: (signal: AbortSignal) => Promise<ReadonlyMap<string, number>>;
  readonly volumes: (signal: AbortSignal) => Promise<readonly StoredVolume[]>;
  readonly networks: (signal: AbortSignal) => Promise<readonly StoredNetwork[]>;
  /** Slow: the engine adds up files. Engines before API 1.42 tell all parts, whatever is asked. */
  readonly usage: (parts: readonly DiskPart[], signal: AbortSignal) => Promise<DiskUsage>;
  /** Rejects with `engine_conflict` where a container needs it. */
  readonly removeVolume: (name: string, signal: AbortSignal) => Promise<void>;
  /** Rejects with `engine_refused` where a running container is connected; of stopped ones the engine knows nothing. */
  readonly removeNetwork: (id: string, signal: AbortSignal) => Promise<void>;
  /** Removes what no build uses; with `all` also what an image has, and what BuildKit needs again. Gives the freed bytes. */
  readonly pruneBuildCache: (
    options: { readonly all: boolean; readonly unusedForMs?: number },
    signal: AbortSignal,
  ) => Promise<number>;
}

/** The engine's disk in a few figures, in bytes. Null: the engine does not tell. */
export interface DiskFacts {
  readonly imageBytes: number | null;
  /** At least so much is freed when all images go that no container uses: layers that these share are not counted. */
  readonly reclaimableImageBytes: number | null;
  readonly volumeBytes: number | null;
  /** Of those that no container uses. */
  readonly reclaimableVolumeBytes: number | null;
  readonly containerBytes: number | null;
  readonly buildCacheBytes: number | null;
}

/** All parts of the disk. */
export const diskParts: readonly DiskPart[] = ["image", "container", "volume", "build-cache"];

export function diskFactsFrom({ layerBytes, images, volumes, containers, buildCache }: DiskUsage): DiskFacts {
  return {
    imageBytes: layerBytes,
    reclaimableImageBytes: sumOf(images.filter(({ isUsed }) => !isUsed).map(({ uniqueBytes }) => uniqueBytes)),
    volumeBytes: sumOf(volumes.map(({ bytes }) => bytes)),
    reclaimableVolumeBytes: sumOf(volumes.filter(({ isUsed }) => !isUsed).map(({ bytes }) => bytes)),
    containerBytes: sumOf(containers.map(({ bytes }) => bytes)),
    // Records that an image has too lie in its layers.
    buildCacheBytes: sumOf(buildCache.filter(({ isShared }) => !isShared).map(({ bytes }) => bytes)),
  };
}

/** Of what is known; null where nothing is, though there is something. */
export function sumOf(sizes: readonly (number | null)[]): number | null {
  const known = sizes.filter((bytes) => bytes !== null);
  return known.length === 0 && sizes.length > 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
}
