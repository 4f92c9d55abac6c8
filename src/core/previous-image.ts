import { createHash } from "node:crypto";
import { familiarText, type ImageReference, parseImageReference, repositoryOf, withTag } from "./image-reference.ts";
import type { ImageInspect } from "./inspect.ts";
import { keepRepository } from "./journal.ts";
import { isComparable, newestFirst, versionTagFrom } from "./version-tag.ts";

/**
 * Where the image that a container ran before its last update is kept: `gangway/keep/<container>`. Container names may
 * have capitals, dots and underscores where repository names must not: then they get a part of their hash.
 */
export function previousRepositoryFor(container: string): string {
  const slug = container
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  if (slug === container) return `${keepRepository}/${slug}`;
  const hash = createHash("sha256").update(container).digest("hex").slice(0, 6);
  return `${keepRepository}/${slug === "" ? hash : `${slug}-${hash}`}`;
}

/** The tag for the image that was replaced by an operation that began at `startedAt` (ISO 8601): `…:20261121-031502`. */
export function previousImageFor(container: string, startedAt: string): ImageReference {
  const tag = startedAt.slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return parseImageReference(`${previousRepositoryFor(container)}:${tag}`) as ImageReference;
}

/** Would the image lose its last name with this tag? */
export function isPreviousImageNeeded(
  { RepoTags: tags, RepoDigests: digests }: Pick<ImageInspect, "RepoTags" | "RepoDigests">,
  tag: ImageReference,
): boolean {
  const isOther = (name: string): boolean => !name.startsWith(`${keepRepository}/`) && !name.startsWith("<none>");
  return ![...tags, ...digests].some((name) => isOther(name) && name !== familiarText(tag));
}

/**
 * What a container that is created from `current` now is to be created from when it gets this earlier image back: the
 * version's tag that the image still has, where the tag itself was changed by an update; else the same reference.
 */
export function previousReferenceFor(current: string, { RepoTags: tags }: Pick<ImageInspect, "RepoTags">): string {
  const reference = parseImageReference(current);
  const own = reference.kind === "reference" && reference.digest === undefined ? reference : undefined;
  const version = versionTagFrom(own?.tag ?? "");
  if (own === undefined || version === undefined) return current;
  const itsTags = tags.map(parseImageReference).flatMap((tag) => {
    const isItsRepository = tag.kind === "reference" && repositoryOf(tag) === repositoryOf(own);
    return isItsRepository ? (tag.tag ?? []) : [];
  });
  if (itsTags.includes(version.text)) return current;
  const [previous] = itsTags
    .flatMap((tag) => versionTagFrom(tag) ?? [])
    .filter((tag) => isComparable(tag, version))
    .sort(newestFirst);
  return previous === undefined ? current : withTag(current, previous.text);
}
