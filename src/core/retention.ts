import { isImage } from "./auto-update.ts";
import type { ImageSummary } from "./engine-answers.ts";
import { canonicalText, type ImageReference, parseImageReference, repositoryOf } from "./image-reference.ts";
import { isComparable, versionTagFrom } from "./version-tag.ts";

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
  return images
    .filter((image) => image.tags.length === 0 && isOnlyOf(reference, image))
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

/** The images that a container ran before, and will not be rolled back to any more. */
export interface ReleasedSubject extends Pick<RetentionSubject, "reference" | "oldImageId" | "needed"> {
  /** The tags for them that are given up: see `previousTagsToRemove`. */
  readonly released: readonly ImageReference[];
}

/**
 * The tags of versions that updates to another tag have left behind: without them nothing is left that wants these
 * images. An image that somebody has given another name, in this repository or elsewhere, keeps all of them.
 */
export function versionTagsToRemove(
  images: readonly ImageSummary[],
  { reference, oldImageId, needed, released }: ReleasedSubject,
): readonly ImageReference[] {
  const current = versionTagFrom(reference.tag ?? "");
  if (current === undefined) return [];
  const givenUp = new Set(released.map(canonicalText));
  return images.flatMap((image) => {
    if (image.id === oldImageId || needed.has(image.id) || !isOnlyOf(reference, image)) return [];
    const names = image.tags.map(parseImageReference).filter((name) => name.kind === "reference");
    const [own, ...others] = names.filter((name) => !givenUp.has(canonicalText(name)));
    // Only what is given up tells that the container ran it.
    if (own === undefined || others.length > 0 || names.length === 1) return [];
    if (repositoryOf(own) !== repositoryOf(reference)) return [];
    const version = versionTagFrom(own.tag ?? "");
    return version !== undefined && version.text !== current.text && isComparable(version, current) ? [own] : [];
  });
}

/** Was it pulled from this very repository, and from no other? */
function isOnlyOf(reference: ImageReference, { digests }: Pick<ImageSummary, "digests">): boolean {
  const repository = repositoryOf(reference);
  const isFromThere = (digest: string): boolean => {
    const parsed = parseImageReference(digest);
    return parsed.kind === "reference" && repositoryOf(parsed) === repository;
  };
  return digests.length > 0 && digests.every(isFromThere);
}
