import { parseImageReference } from "./image-reference.ts";
import { humanVersion, type ImageDetails } from "./image-version.ts";

/**
 * A version for Home Assistant to compare and show: `latest (1b2c3d4e5f60)`. Home Assistant orders versions with
 * AwesomeVersion, and this form is the one that never makes two different digests look equal or out of order.
 */
export function versionText(label: string, digest: string): string {
  return `${label} (${digest.slice(digest.indexOf(":") + 1, digest.indexOf(":") + 13)})`;
}

/**
 * What to call the version of `image` (a container's `Config.Image`): what it says of itself, or its tag. `other` is what
 * it is compared with.
 */
export function versionLabel(image: string, details?: ImageDetails, other?: ImageDetails): string {
  const reference = parseImageReference(image);
  const repository = reference.kind === "reference" ? reference.repository : "";
  const own = humanVersion(details, repository, other);
  if (own !== undefined) return own;
  if (reference.kind === "id") return "image";
  if (reference.kind === "invalid") return image;
  return reference.tag ?? "pinned";
}

/** Are these two version texts of the same digest, whatever else they say of it? */
export function isSameVersion(text: string, other: string): boolean {
  const digestIn = (version: string): string => version.slice(version.lastIndexOf("("));
  return digestIn(text) === digestIn(other);
}
