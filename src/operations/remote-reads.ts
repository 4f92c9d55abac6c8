import { contentOf, type LocalImage, type Reading, type RemoteImage } from "../core/image-identity.ts";
import { type ImageReference, repositoryOf } from "../core/image-reference.ts";
import { detailsFrom, detailsOfConfig, mergedDetails } from "../core/image-version.ts";
import type { Platform } from "../core/inspect.ts";
import { choosePlatform, deepestIndex, isFitting, platformText } from "../core/platform.ts";
import type { Registry } from "../core/ports.ts";
import type { Annotations, IndexEntry, RemoteConfig, RemoteManifest } from "../core/remote-manifest.ts";
import { isErrorWithCode } from "../lib/errors.ts";

/** A container's image, and what its tag stands for now. */
export interface Pair {
  readonly reference: ImageReference;
  readonly digest: string;
  readonly local: LocalImage;
  readonly platform: Platform;
}

/** An image that something is known of already. */
export type KnownImage = Extract<RemoteImage, { readonly kind: "image" }>;

/** Reads what stands under digests, for one check: the same is asked for once, whoever wants it. */
export interface RemoteReads {
  /** How many requests were made on account of a tag's digest. */
  readonly countFor: (digest: string) => number;
  /** Reads one step more of the image of a pair; `known` is what the steps before have told. */
  readonly read: (
    needs: Reading,
    pair: Pair,
    known: RemoteImage | undefined,
    signal: AbortSignal,
  ) => Promise<RemoteImage>;
}

/** An index in an index is rare, and several of them are rarer. */
const mostNested = 4;

type Index = Extract<RemoteManifest, { readonly kind: "index" }>;

/** What the reads of a check have in common. */
interface Content {
  readonly manifestAt: (pair: Pair, digest: string, signal: AbortSignal) => Promise<RemoteManifest>;
  readonly configAt: (pair: Pair, digest: string, signal: AbortSignal) => Promise<RemoteConfig>;
}

export function createRemoteReads(registry: Pick<Registry, "manifestAt" | "configAt">): RemoteReads {
  const counts = new Map<string, number>();
  const asked = new Map<string, Promise<unknown>>();
  const once = <Found>({ reference, digest }: Pair, wanted: string, ask: () => Promise<Found>): Promise<Found> => {
    const key = `${repositoryOf(reference)} ${wanted}`;
    const known = asked.get(key) as Promise<Found> | undefined;
    if (known !== undefined) return known;
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
    const found = ask();
    asked.set(key, found);
    return found;
  };
  const content: Content = {
    manifestAt: (pair, digest, signal) =>
      once(pair, `manifest ${digest}`, () => registry.manifestAt(pair.reference, digest, signal)),
    configAt: (pair, digest, signal) =>
      once(pair, `config ${digest}`, () => registry.configAt(pair.reference, digest, signal)),
  };
  return {
    countFor: (digest) => counts.get(digest) ?? 0,
    read: (needs, pair, known, signal) => {
      if (needs === "digest" || known?.kind !== "image") return readDigest(content, pair, signal);
      return needs === "manifest"
        ? readManifest(content, pair, known, signal)
        : readConfig(content, pair, known, signal);
    },
  };
}

async function readDigest(content: Content, pair: Pair, signal: AbortSignal): Promise<RemoteImage> {
  const found = await content.manifestAt(pair, pair.digest, signal);
  if (found.kind !== "index") return imageFrom(pair.digest, found, { isStated: false });
  const nested = { left: mostNested };
  const look = async (index: Index, depth: number): Promise<RemoteImage> => {
    const choice = choosePlatform(index.entries, pair.platform);
    const entries = choice.kind === "indexes" && depth < deepestIndex ? choice.entries : [];
    for (const { digest } of entries) {
      if (nested.left === 0) break;
      nested.left -= 1;
      const inner = await content.manifestAt(pair, digest, signal);
      const image =
        inner.kind === "index" ? await look(inner, depth + 1) : imageFrom(digest, inner, { isStated: false });
      if (image.kind === "image") return image;
    }
    const flat = choice.kind === "indexes" ? choice.otherwise : choice;
    return flat.kind === "image"
      ? chosenFrom(flat, index.annotations)
      : { kind: "no_platform", platforms: flat.platforms };
  };
  return look(found, 1);
}

async function readManifest(
  { manifestAt }: Content,
  pair: Pair,
  known: KnownImage,
  signal: AbortSignal,
): Promise<RemoteImage> {
  return imageFrom(known.manifest, await manifestAt(pair, known.manifest, signal), known);
}

async function readConfig(content: Content, pair: Pair, known: KnownImage, signal: AbortSignal): Promise<RemoteImage> {
  if (known.config === undefined) {
    const image = await readManifest(content, pair, known, signal);
    return image.kind === "image" ? readConfig(content, pair, image, signal) : image;
  }
  try {
    return configuredFrom(pair, known, await content.configAt(pair, known.config, signal));
  } catch (error) {
    // A registry that does not show it will not do so the next time either; the manifest alone has to do.
    if (!isErrorWithCode(error, "registry_not_found", "registry_answer_invalid", "registry_denied")) throw error;
    return { ...known, isConfigRead: true };
  }
}

interface Chosen {
  readonly entry: IndexEntry;
  readonly isStated: boolean;
}

function chosenFrom({ entry, isStated }: Chosen, annotations: Annotations): RemoteImage {
  const details = detailsFrom(entry.annotations, annotations);
  return { kind: "image", manifest: entry.digest, isStated, isConfigRead: false, details };
}

/** The image of a manifest that was read. */
function imageFrom(
  digest: string,
  manifest: RemoteManifest,
  known: Pick<KnownImage, "isStated"> & Partial<Pick<KnownImage, "details">>,
): RemoteImage {
  if (manifest.kind !== "image") return { kind: "artifact" };
  const { config, layerCount, annotations } = manifest;
  const details = mergedDetails(detailsFrom(annotations), known.details);
  return {
    kind: "image",
    manifest: digest,
    isStated: known.isStated,
    config,
    layerCount,
    isConfigRead: false,
    details,
  };
}

/** The image with what its configuration says; that can also be that it is for another platform. */
function configuredFrom({ platform: wanted }: Pair, known: KnownImage, config: RemoteConfig): RemoteImage {
  const { platform, created = "", diffIds: layers } = config;
  if (!known.isStated && !isFitting(platform, wanted)) {
    return { kind: "no_platform", platforms: [platformText(platform)] };
  }
  const told = detailsOfConfig(config.config.Labels, created);
  const details = mergedDetails(told, known.details);
  return { ...known, content: contentOf({ layers, created, config: config.config }), isConfigRead: true, details };
}
