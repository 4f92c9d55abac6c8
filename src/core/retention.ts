import { isImage } from "./auto-update.ts";
import type { ImageSummary } from "./engine-answers.ts";
import { type ImageReference, parseImageReference, repositoryOf } from "./image-reference.ts";

/** What the configuration says of images that updates have left behind. */
export interface CleanupSettings {
  /** Are they removed at all? */
  readonly oldImages: boolean;
  /** How many of a repository stay: at least one, for the way back. */
  readonly keep: number;
  /** By image; the first that matches and says something counts. */
  readonly images: readonly { readonly image: string; readonly cleanup?: boolean }[];
}

/** How many old images stay when a container of `image` (its `Config.Image`) was updated; undefined: all of them. */
export function keptAfterUpdate(image: string, { oldImages, keep, images }: CleanupSettings): number | undefined {
  const byImage = images.find(({ image: pattern, cleanup }) => cleanup !== undefined && isImage(image, pattern));
  return (byImage?.cleanup ?? oldImages) ? keep : undefined;
}

/** What is to be cleaned up after an update. */
export interface RetentionSubject {
  /** What the container was updated to; its repository is cleaned up. */
  readonly reference: ImageReference;
  /** The image that it ran before: the way back, which stays. */
  readonly oldImageId: string;
  /** How many stay besides. */
  readonly others: number;
  /** Ids of images that a container or a running operation needs. */
  readonly needed: ReadonlySet<string>;
}

/**
 * The ids of the images that nobody needs any more. Only what was pulled from this very repository and has no tag left
 * is old: a tag says that somebody wants it (one of Gangway's own: that a container may be rolled back to it), and so
 * does a name at another registry. The newest stay, by the time at which they were built.
 */
export function imagesToRemove(images: readonly ImageSummary[], subject: RetentionSubject): readonly string[] {
  const { reference, oldImageId, others, needed } = subject;
  const repository = repositoryOf(reference);
  const isFromThere = (digest: string): boolean => {
    const parsed = parseImageReference(digest);
    return parsed.kind === "reference" && repositoryOf(parsed) === repository;
  };
  return images
    .filter(({ tags, digests }) => tags.length === 0 && digests.length > 0 && digests.every(isFromThere))
    .filter(({ id }) => id !== oldImageId && !needed.has(id))
    .sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1))
    .slice(Math.max(0, others))
    .map(({ id }) => id);
}

/** Of the tags for the images that a container ran before (`gangway/keep/<container>:<time>`), those beyond the newest. */
export function previousTagsToRemove(tags: readonly ImageReference[], keep: number): readonly ImageReference[] {
  const newestFirst = [...tags].sort((a, b) => ((a.tag ?? "") < (b.tag ?? "") ? 1 : -1));
  return newestFirst.slice(Math.max(1, keep));
}
