import { type Comparison, compareImages, type RemoteImage } from "../core/image-identity.ts";
import { repositoryOf } from "../core/image-reference.ts";
import { platformText } from "../core/platform.ts";
import type { Registry, RemoteImages } from "../core/ports.ts";
import { createRemoteReads, type Pair, type RemoteReads } from "./remote-reads.ts";

export interface ResolverDependencies {
  readonly registry: Pick<Registry, "manifestAt" | "configAt">;
  readonly remoteImages: RemoteImages;
}

export interface Resolved {
  readonly comparison: Exclude<Comparison, { readonly kind: "open" }>;
  /** Undefined where the digest alone was enough. */
  readonly image: RemoteImage | undefined;
}

/** Compares images, and reads at the registry what it needs for that. Rejects like the registry's calls. */
export type Resolve = (pair: Pair, signal: AbortSignal) => Promise<Resolved>;

/** Beyond what a comparison needs, nothing is read in a check that has read so much under a digest already. */
const mostForDetails = 2;

/** For one check. What was learnt is noted in `remoteImages`, and never asked for again. */
export function createResolver({ registry, remoteImages }: ResolverDependencies): Resolve {
  const reads = createRemoteReads(registry);
  const steps = new Map<string, Promise<RemoteImage>>();
  /** Each step is taken once for a digest and platform. */
  const once = (step: string, { digest, platform }: Pair, take: () => Promise<RemoteImage>): Promise<RemoteImage> => {
    const key = `${step} ${digest} ${platformText(platform)}`;
    const taken = steps.get(key) ?? take();
    steps.set(key, taken);
    return taken;
  };
  const read: RemoteReads["read"] = async (needs, pair, known, signal) => {
    const image = await reads.read(needs, pair, known, signal);
    const { reference, digest, platform } = pair;
    remoteImages.put({ repository: repositoryOf(reference), digest, platform: platformText(platform) }, image);
    return image;
  };
  /** Whatever else can be told of the image, where that costs little: it is only for people. */
  const detailed = async (pair: Pair, image: RemoteImage, signal: AbortSignal): Promise<RemoteImage> => {
    const isWanted = image.kind === "image" && image.details.version === undefined && !image.isConfigRead;
    if (!isWanted || reads.countFor(pair.digest) >= mostForDetails) return image;
    try {
      return await detailed(
        pair,
        await read(image.config === undefined ? "manifest" : "config", pair, image, signal),
        signal,
      );
    } catch {
      signal.throwIfAborted();
      return image;
    }
  };

  return async (pair, signal) => {
    let image = remoteImages.get(pair.digest, platformText(pair.platform));
    for (;;) {
      const known = image;
      const comparison = compareImages(pair.local, pair.digest, known);
      if (comparison.kind === "different" && known !== undefined) {
        return { comparison, image: await once("details", pair, () => detailed(pair, known, signal)) };
      }
      if (comparison.kind !== "open") return { comparison, image };
      const { needs } = comparison;
      image = await once(needs, pair, () => read(needs, pair, known, signal));
    }
  };
}
