import PQueue from "p-queue";
import { familiarText, parseImageReference } from "../core/image-reference.ts";
import type { JournalEntry } from "../core/journal.ts";
import type { Engine, Journal } from "../core/ports.ts";
import { previousRepositoryFor } from "../core/previous-image.ts";
import { imagesOfRestores, type RestoreJournal } from "../core/restore-journal.ts";
import { imagesToRemove, previousTagsToRemove, type ReleasedSubject, versionTagsToRemove } from "../core/retention.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

export interface CleanupDependencies {
  readonly engine: Pick<Engine, "list" | "inspect" | "images" | "removeImage" | "tagsOf" | "untag">;
  readonly journal: Pick<Journal, "all">;
  readonly restoreJournal: Pick<RestoreJournal, "all">;
  /** How many old images stay, the way back among them. */
  readonly keep: number;
  readonly log: Log;
}

/** The update that has just succeeded. */
export interface Updated {
  readonly container: string;
  readonly oldImageId: string;
  /** What the container was created from, its `Config.Image`. */
  readonly reference: string;
}

const parallelInspects = 8;

/**
 * Removes the images of a repository that updates have left behind and nobody needs any more. Gives the ids of those
 * that are gone. An update that has succeeded stays a success: what goes wrong here is logged, and the next one tries
 * again.
 */
export async function cleanUpAfterUpdate(
  deps: CleanupDependencies,
  { container, oldImageId, reference: text }: Updated,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { engine, keep, log } = deps;
  const reference = parseImageReference(text);
  if (reference.kind !== "reference") return [];
  const removed: string[] = [];
  try {
    const previous = await engine.tagsOf(previousRepositoryFor(container), signal);
    const tooOld = previousTagsToRemove(previous, keep);
    if (tooOld.length > 0) removed.push(...(await letGo(deps, { reference, oldImageId, released: tooOld }, signal)));
    const others = keep - Math.max(1, previous.length - tooOld.length);
    // First what there is, then who needs it: what comes in between is not there, or is needed.
    const images = await engine.images(signal);
    const needed = await imagesNeeded(deps, signal);
    for (const id of imagesToRemove(images, { reference, oldImageId, others, needed })) {
      if (await attempt(log, id, () => engine.removeImage(id, signal))) removed.push(id);
    }
  } catch (error) {
    log.warn({ container, err: error }, "old images could not be removed");
  }
  if (removed.length > 0) log.info({ container, images: removed }, "old images were removed");
  return removed;
}

/** Takes the names from images that nobody goes back to any more; gives the ids of those that the engine has removed. */
async function letGo(
  deps: CleanupDependencies,
  subject: Omit<ReleasedSubject, "needed">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { engine, log } = deps;
  const before = await engine.images(signal);
  const versions = versionTagsToRemove(before, { ...subject, needed: await imagesNeeded(deps, signal) });
  // The version's own tag goes first: the other one is what tells the next time that it may go.
  for (const tag of [...versions, ...subject.released]) {
    await attempt(log, familiarText(tag), () => engine.untag(tag, signal));
  }
  const released = new Set(subject.released.map(familiarText));
  const after = new Set((await engine.images(signal)).map(({ id }) => id));
  return before.flatMap(({ id, tags }) => (after.has(id) || !tags.some((tag) => released.has(tag)) ? [] : [id]));
}

async function imagesNeeded(
  { engine, journal, restoreJournal }: CleanupDependencies,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const restored = imagesOfRestores(await restoreJournal.all());
  return new Set([...imagesOf(await journal.all()), ...restored, ...(await imagesInUse(engine, signal))]);
}

/** The engine removes nothing that a container or another image needs: what it refuses stays. */
async function attempt(log: Log, image: string, removal: () => Promise<void>): Promise<boolean> {
  try {
    await removal();
    return true;
  } catch (error) {
    if (!isErrorWithCode(error, "engine_conflict", "engine_not_found")) throw error;
    log.debug({ image, err: error }, "old image stays");
    return false;
  }
}

/** What running operations go to, and what they may have to go back to. */
function imagesOf(entries: readonly JournalEntry[]): readonly string[] {
  return entries.flatMap(({ members, retags }) => [
    ...members.flatMap(({ inspect, newImageId }) => [inspect.Image, newImageId]),
    ...retags.flatMap(({ imageId }) => imageId ?? []),
  ]);
}

async function imagesInUse(engine: CleanupDependencies["engine"], signal: AbortSignal): Promise<readonly string[]> {
  const queue = new PQueue({ concurrency: parallelInspects });
  const inspects = (await engine.list(signal)).map(({ id }) =>
    queue.add(async () => {
      try {
        return [(await engine.inspect(id, signal)).Image];
      } catch (error) {
        if (isErrorWithCode(error, "engine_not_found")) return [];
        throw error;
      }
    }),
  );
  return (await Promise.all(inspects)).flat();
}
