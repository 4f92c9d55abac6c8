import type { Engine } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";

/** What running images were called at their registries when they were first seen. */
export interface ImageBook {
  /** The image's `RepoDigests`; none where the engine has no record of it. */
  readonly digestsOf: (imageId: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** The same, asked for anew: a pull can have given the image another one. */
  readonly digestsNow: (imageId: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Forgets all other images: nothing runs them any more. */
  readonly keep: (imageIds: ReadonlySet<string>) => void;
}

/** An empty book; each image is asked for once, however many containers run it. */
export function createImageBook(engine: Pick<Engine, "inspectImage">): ImageBook {
  const known = new Map<string, Promise<readonly string[]>>();
  const ask = (imageId: string, signal: AbortSignal): Promise<readonly string[]> => {
    const digests = digestsFrom(engine, imageId, signal);
    known.set(imageId, digests);
    digests.catch(() => {
      if (known.get(imageId) === digests) known.delete(imageId);
    });
    return digests;
  };
  return {
    digestsOf: (imageId, signal) => known.get(imageId) ?? ask(imageId, signal),
    digestsNow: ask,
    keep: (imageIds) => {
      for (const imageId of known.keys()) if (!imageIds.has(imageId)) known.delete(imageId);
    },
  };
}

async function digestsFrom(
  engine: Pick<Engine, "inspectImage">,
  imageId: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return (await engine.inspectImage(imageId, signal)).RepoDigests;
  } catch (error) {
    if (isErrorWithCode(error, "engine_not_found")) return [];
    throw error;
  }
}
