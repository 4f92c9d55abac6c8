import type { Engine } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";

/** What running images were called at their registries when they were first seen. */
export interface ImageBook {
  /** The image's `RepoDigests`; none where the engine has no record of it. */
  readonly digestsOf: (imageId: string, signal: AbortSignal) => Promise<readonly string[]>;
}

/** An empty book; each image is asked for once, however many containers run it. */
export function createImageBook(engine: Pick<Engine, "inspectImage">): ImageBook {
  const known = new Map<string, Promise<readonly string[]>>();
  const ask = async (imageId: string, signal: AbortSignal): Promise<readonly string[]> => {
    try {
      return (await engine.inspectImage(imageId, signal)).RepoDigests;
    } catch (error) {
      if (isErrorWithCode(error, "engine_not_found")) return [];
      known.delete(imageId);
      throw error;
    }
  };
  return {
    digestsOf: (imageId, signal) => {
      const digests = known.get(imageId) ?? ask(imageId, signal);
      known.set(imageId, digests);
      return digests;
    },
  };
}
