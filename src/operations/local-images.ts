import PQueue from "p-queue";
import type { Container } from "../core/container.ts";
import { type LocalImage, localImageFrom } from "../core/image-identity.ts";
import { platformFrom } from "../core/platform.ts";
import type { Engine, Entry } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";

const parallelImageInspects = 8;

export interface LocalImages {
  /** The image that a container runs; undefined where the engine has no record of it any more. */
  readonly of: (entry: Pick<Entry, "container" | "check">) => Promise<LocalImage | undefined>;
  /** The image that a reference stands for locally; undefined where it stands for none, or the engine can't tell. */
  readonly tagged: (reference: string) => Promise<LocalImage | undefined>;
}

/** For one check: each image is inspected once, however many containers run it. */
export function createLocalImages(
  engine: Pick<Engine, "inspectImage">,
  { containerdStore }: { readonly containerdStore: boolean },
  signal: AbortSignal,
): LocalImages {
  const queue = new PQueue({ concurrency: parallelImageInspects });
  const images = new Map<string, Promise<LocalImage | undefined>>();
  const inspected = (name: string): Promise<LocalImage | undefined> => {
    const known = images.get(name) ?? queue.add(() => imageAt(engine, name, signal));
    images.set(name, known);
    return known;
  };
  const store = containerdStore ? { isDigestId: true } : {};
  return {
    of: async ({ container, check }) => {
      const { manifest } = container;
      const now = await inspected(container.imageId);
      const image = now === undefined ? imageAsSeen(container, check, containerdStore) : withSeen(now, container);
      return image && { ...image, ...(manifest === undefined ? {} : { manifest }), ...store };
    },
    tagged: async (reference) => {
      try {
        const image = await inspected(reference);
        return image && { ...image, ...store };
      } catch {
        signal.throwIfAborted();
        return undefined;
      }
    },
  };
}

async function imageAt(
  engine: Pick<Engine, "inspectImage">,
  name: string,
  signal: AbortSignal,
): Promise<LocalImage | undefined> {
  try {
    return localImageFrom(await engine.inspectImage(name, signal));
  } catch (error) {
    if (isErrorWithCode(error, "engine_not_found")) return undefined;
    throw error;
  }
}

/** A later pull can have given the image more digests, and a moved tag, in the containerd store, can have taken some. */
function withSeen(now: LocalImage, { repoDigests }: Container): LocalImage {
  return { ...now, repoDigests: [...new Set([...now.repoDigests, ...repoDigests])] };
}

/**
 * Where the engine has dropped the record since (the containerd store of some engines does when the tag moves on): what
 * it said when the container was first seen.
 */
function imageAsSeen(
  { imageId, repoDigests }: Container,
  check: Entry["check"],
  containerdStore: boolean,
): LocalImage | undefined {
  // There the id is a digest as well.
  if (repoDigests.length === 0 && !containerdStore) return undefined;
  const earlier = check?.imageId === imageId ? check : undefined;
  return {
    id: imageId,
    repoDigests,
    ...(earlier?.platform === undefined ? {} : { platform: platformFrom(earlier.platform) }),
    ...(earlier?.installed === undefined ? {} : { details: earlier.installed }),
  };
}
