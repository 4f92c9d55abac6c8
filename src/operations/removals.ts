import type { Disk } from "../core/disk.ts";
import { parseImageReference } from "../core/image-reference.ts";
import type { Engine } from "../core/ports.ts";
import type { PruneItem, PruneKind } from "../core/prune/prune.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";

/** Removes one thing, as the engine does without force. */
export type Removal = (item: PruneItem, signal: AbortSignal) => Promise<void>;

type RemovalEngine = Pick<Disk, "removeVolume" | "removeNetwork"> &
  Pick<Engine, "inspectImage" | "remove" | "removeImage" | "tag">;

/** How each kind of thing is removed. A container's volumes stay: they are a kind of their own. */
export function removalsOn(engine: RemovalEngine): Readonly<Record<Exclude<PruneKind, "build_cache">, Removal>> {
  return {
    images: (item, signal) => removeImage(engine, item, signal),
    containers: ({ id }, signal) => engine.remove(id, { force: false }, signal),
    volumes: ({ id }, signal) => engine.removeVolume(id, signal),
    networks: ({ id }, signal) => engine.removeNetwork(id, signal),
  };
}

const giveBackMs = 10_000;

/**
 * Removes an image with all its names. The engine removes one of several names by that name only, and looks for users of
 * the image with the last: where it refuses then, the image gets its tags back.
 */
async function removeImage(engine: RemovalEngine, { id, tags: known }: PruneItem, signal: AbortSignal): Promise<void> {
  const { RepoTags, RepoDigests } = await engine.inspectImage(id, signal);
  const tags = RepoTags.filter(isName);
  const added = tags.find((tag) => known?.includes(tag) === false);
  if (added !== undefined) throw new GangwayError("engine_conflict", `it has got the tag ${added} meanwhile`);
  const gone: string[] = [];
  try {
    for (const tag of tags) {
      await engine.removeImage(tag, signal);
      gone.push(tag);
    }
    await removeRest(engine, id, RepoDigests.filter(isName), signal);
  } catch (error) {
    if (!isErrorWithCode(error, "engine_not_found")) await giveBack(engine, id, gone);
    throw error;
  }
}

/** What may be left of it: it goes with its last tag, unless it has digests of several repositories. */
async function removeRest(
  engine: RemovalEngine,
  id: string,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await engine.removeImage(id, signal);
  } catch (error) {
    if (!isErrorWithCode(error, "engine_conflict") || digests.length < 2) throw error;
    for (const digest of digests) {
      await engine.removeImage(digest, signal).catch((reason: unknown) => {
        if (!isErrorWithCode(reason, "engine_not_found")) throw reason;
      });
    }
  }
}

async function giveBack(engine: RemovalEngine, id: string, tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    const reference = parseImageReference(tag);
    if (reference.kind !== "reference") continue;
    // Where the image is gone after all, there is nothing to give back.
    await engine.tag(id, reference, AbortSignal.timeout(giveBackMs)).catch(() => {});
  }
}

/** API versions before 1.43 call what has no name `<none>:<none>` and `<none>@<none>`. */
function isName(text: string): boolean {
  return !text.startsWith("<none>");
}
