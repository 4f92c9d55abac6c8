import { parseImageReference, withTag } from "./image-reference.ts";
import type { ContainerInspect } from "./inspect.ts";
import { isNewer } from "./tag-choice.ts";
import type { CheckRecord } from "./update-status.ts";
import { versionTagFrom } from "./version-tag.ts";

/** What an update is to give a container. */
export interface UpdateTarget {
  /** What to pull, and to create it from: its own reference, or that with the tag of a newer version. */
  readonly reference: string;
  /** What the last check has found, where it was for the image that the container runs. */
  readonly check?: Partial<CheckRecord>;
}

/** The target for a container, by the record of its last check. Never an older version. */
export function updateTargetFor(
  { Image, Config }: Pick<ContainerInspect, "Image" | "Config">,
  check: CheckRecord | undefined,
): UpdateTarget {
  const { Image: image } = Config;
  if (check?.imageId !== Image || check.reference !== image) return { reference: image };
  const { targetTag } = check;
  const reference = parseImageReference(image);
  const own =
    reference.kind === "reference" && reference.digest === undefined ? versionTagFrom(reference.tag ?? "") : undefined;
  const target = versionTagFrom(targetTag ?? "");
  const isSafe = own !== undefined && target !== undefined && isNewer(target, own);
  return { reference: isSafe ? withTag(image, target.text) : image, check };
}

/** What the last check calls the version that stands under `digest` now, or that of another tag than before. */
export function latestVersionFor(
  { reference, check }: UpdateTarget,
  image: string,
  digest: string | undefined,
): string | undefined {
  return reference !== image || (digest !== undefined && digest === check?.latestDigest)
    ? check?.latestVersion
    : undefined;
}
