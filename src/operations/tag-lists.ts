import { type ImageReference, repositoryOf } from "../core/image-reference.ts";
import type { Registry } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Clock } from "../lib/time.ts";

/** The tags of repositories, as they were at most some hours ago. */
export interface TagLists {
  /** Rejects like `Registry.tagsOf`; what has failed is asked for again the next time. */
  readonly tagsOf: (reference: ImageReference, signal: AbortSignal) => Promise<readonly string[]>;
}

/** A bit less than the six hours between two checks, so that each of those sees a list of its own. */
const freshMs = 5.5 * 3_600_000;

interface Listed {
  readonly since: number;
  readonly tags: Promise<readonly string[]>;
}

/** Asks for the tags of a repository once in a while, however often they are wanted. */
export function createTagLists({
  registry,
  clock,
}: {
  readonly registry: Pick<Registry, "tagsOf">;
  readonly clock: Pick<Clock, "now">;
}): TagLists {
  const lists = new Map<string, Listed>();
  const isFresh = ({ since }: Listed): boolean => {
    const age = clock.now() - since;
    return age >= 0 && age < freshMs;
  };
  return {
    tagsOf: async (reference, signal) => {
      const repository = repositoryOf(reference);
      // Also of images that nobody runs any more.
      for (const [name, list] of lists) if (!isFresh(list)) lists.delete(name);
      const known = lists.get(repository);
      if (known !== undefined) {
        try {
          return await known.tags;
        } catch (error) {
          // Another check was called off, and with it its question.
          if (signal.aborted || !isErrorWithCode(error, "aborted")) throw error;
        }
      }
      const list = { since: clock.now(), tags: registry.tagsOf(reference, signal) };
      lists.set(repository, list);
      try {
        return await list.tags;
      } catch (error) {
        if (lists.get(repository) === list) lists.delete(repository);
        throw error;
      }
    },
  };
}
