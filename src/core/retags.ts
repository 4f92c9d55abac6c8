import { canonicalText, parseImageReference } from "./image-reference.ts";
import type { ImageInspect } from "./inspect.ts";
import type { Retag } from "./journal.ts";

/**
 * The tag that an update takes from the image that a container runs, to be given back where the update is undone:
 * whoever creates the container anew after that, as `docker compose up` does, is to get the image that works. None where
 * the tag names another image already: it may be one that other containers run.
 */
export function pulledTagsOf(
  reference: string,
  { Id, RepoTags }: Pick<ImageInspect, "Id" | "RepoTags">,
): readonly Retag[] {
  const tag = tagTextOf(reference);
  if (tag === undefined || !RepoTags.some((own) => tagTextOf(own) === tag)) return [];
  return [{ reference: tag, imageId: Id }];
}

function tagTextOf(text: string): string | undefined {
  const reference = parseImageReference(text);
  return reference.kind === "reference" && reference.digest === undefined ? canonicalText(reference) : undefined;
}
