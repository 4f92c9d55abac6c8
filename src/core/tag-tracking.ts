import { isImage } from "./auto-update.ts";
import type { Container } from "./container.ts";
import { isTag } from "./image-reference.ts";
import { labelsFrom } from "./labels.ts";

/** What the configuration says of version tags. */
export interface TagSettings {
  /** By image; the first that matches and says something counts. */
  readonly images: readonly {
    readonly image: string;
    readonly tags?: { readonly regex: string; readonly baseTag?: string };
  }[];
}

/** How the versions of a container's image are told: by tags that match a pattern. */
export interface Tracking {
  readonly regex: string;
  /** Where the pattern stands, for people: `the label gangway.tags.regex`. */
  readonly source: string;
  /** The tag that says which version is the newest; absent: their order says it. */
  readonly baseTag?: string;
}

/** Whether and how a container's version tags are looked at; each label wins over the configuration. */
export function trackingFor(
  { image, labels }: Pick<Container, "image" | "labels">,
  { images }: TagSettings,
): Tracking | undefined {
  const configured = images.find((entry) => entry.tags !== undefined && isImage(image, entry.image))?.tags;
  const { tagRegex, baseTag: labelled } = labelsFrom(labels);
  const regex = tagRegex?.text ?? configured?.regex;
  if (regex === undefined) return undefined;
  const baseTag = labelled ?? configured?.baseTag;
  const source = tagRegex === undefined ? "the configuration of its image" : `the label ${tagRegex.label}`;
  return { regex, source, ...(baseTag === undefined ? {} : { baseTag }) };
}

/** Why this cannot be done, to be shown to a person; undefined where it can. Only labels can be that wrong. */
export function trackingFault(
  { source, baseTag }: Tracking,
  pattern: { readonly kind: "pattern" } | { readonly kind: "refused"; readonly reason: string },
): string | undefined {
  if (pattern.kind === "refused") {
    return `The pattern for version tags in ${source} is refused: ${pattern.reason}.`;
  }
  return baseTag === undefined || isTag(baseTag)
    ? undefined
    : `The label gangway.tags.base names "${baseTag}", which is no tag.`;
}
