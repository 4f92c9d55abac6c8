import { type ImageReference, parseImageReference } from "../core/image-reference.ts";
import { type JournalEntry, keepRepository } from "../core/journal.ts";
import type { Engine } from "../core/ports.ts";
import { isPreviousImageNeeded, previousImageFor, previousRepositoryFor } from "../core/previous-image.ts";
import { previousTagsToRemove } from "../core/retention.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { giveBackTag } from "./candidate.ts";

export interface HeldImageDependencies {
  readonly engine: Pick<Engine, "inspectImage" | "tag" | "tagsOf" | "untag">;
  readonly log: Log;
}

const releaseMs = 10_000;

/** Tags the old image, so that a prune in the meantime does not take it; disposing of the hold removes the tag. */
export async function holdImage(
  { engine }: Pick<HeldImageDependencies, "engine">,
  imageId: string,
  operation: string,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const hold = holdFor(operation);
  await engine.tag(imageId, hold, signal);
  return {
    [Symbol.asyncDispose]: async () => {
      await engine.untag(hold, AbortSignal.timeout(releaseMs)).catch(() => {});
    },
  };
}

/** Gives back what an operation has done to local tags. */
export async function releaseImages(
  { engine, log }: HeldImageDependencies,
  { operation, retags }: JournalEntry,
  signal: AbortSignal,
): Promise<void> {
  for (const retag of retags) await giveBackTag(engine, retag, signal);
  // A container may still use the image; the tag alone is in nobody's way.
  await engine.untag(holdFor(operation), signal).catch((error: unknown) => {
    if (!isErrorWithCode(error, "engine_not_found")) log.debug({ err: error }, "tag could not be removed");
  });
}

/**
 * Tags the image that a container ran before, so that no prune takes what a rollback needs, and takes the tag from all
 * others before it, unless they are left to the clean-up. An image whose last name that was stays: it cannot be pulled
 * again.
 */
export async function keepPreviousImage(
  { engine, log }: HeldImageDependencies,
  { container, startedAt, members }: JournalEntry,
  { isCleanedUp }: { readonly isCleanedUp: boolean },
  signal: AbortSignal,
): Promise<void> {
  const [target] = members;
  if (target === undefined || target.inspect.Image === target.newImageId) return;
  try {
    const newest = previousImageFor(container, startedAt);
    await engine.tag(target.inspect.Image, newest, signal);
    // Which images the container ran before is told by these tags only.
    if (isCleanedUp) return;
    const tags = await engine.tagsOf(previousRepositoryFor(container), signal);
    for (const older of previousTagsToRemove(tags, 1)) {
      const image = await engine.inspectImage(`${previousRepositoryFor(container)}:${older.tag ?? ""}`, signal);
      if (!isPreviousImageNeeded(image, older)) await engine.untag(older, signal);
    }
  } catch (error) {
    log.warn({ container, err: error }, "the previous image could not be kept for a rollback");
  }
}

function holdFor(operation: string): ImageReference {
  return parseImageReference(`${keepRepository}:${operation}`) as ImageReference;
}
