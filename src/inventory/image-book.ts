import { type LocalImage, localImageFrom } from "../core/image-identity.ts";
import type { Engine } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";

/** What the engine said of running images when they were first seen. */
export interface ImageBook {
  /** The image; without any digest where the engine has no record of it. */
  readonly imageOf: (imageId: string, signal: AbortSignal) => Promise<LocalImage>;
  /** The same, asked for anew: a pull can have given the image another digest. */
  readonly imageNow: (imageId: string, signal: AbortSignal) => Promise<LocalImage>;
  /** Forgets all other images: nothing runs them any more. */
  readonly keep: (imageIds: ReadonlySet<string>) => void;
}

/** An empty book; each image is asked for once, however many containers run it. */
export function createImageBook(engine: Pick<Engine, "inspectImage">): ImageBook {
  const known = new Map<string, Promise<LocalImage>>();
  const ask = (imageId: string, signal: AbortSignal): Promise<LocalImage> => {
    const image = imageFrom(engine, imageId, signal);
    known.set(imageId, image);
    image.catch(() => {
      if (known.get(imageId) === image) known.delete(imageId);
    });
    return image;
  };
  return {
    imageOf: (imageId, signal) => known.get(imageId) ?? ask(imageId, signal),
    imageNow: ask,
    keep: (imageIds) => {
      for (const imageId of known.keys()) if (!imageIds.has(imageId)) known.delete(imageId);
    },
  };
}

async function imageFrom(
  engine: Pick<Engine, "inspectImage">,
  imageId: string,
  signal: AbortSignal,
): Promise<LocalImage> {
  try {
    return localImageFrom(await engine.inspectImage(imageId, signal));
  } catch (error) {
    if (isErrorWithCode(error, "engine_not_found")) return { id: imageId, repoDigests: [] };
    throw error;
  }
}
