import { parseImageReference } from "./image-reference.ts";

/**
 * A version for Home Assistant to compare and show: `latest (1b2c3d4e5f60)`. Home Assistant orders versions with
 * AwesomeVersion, and this form is the one that never makes two different digests look equal or out of order.
 */
export function versionText(label: string, digest: string): string {
  return `${label} (${digest.slice(digest.indexOf(":") + 1, digest.indexOf(":") + 13)})`;
}

/** What to call the version of `image` (a container's `Config.Image`): its tag. */
export function versionLabel(image: string): string {
  const reference = parseImageReference(image);
  if (reference.kind === "id") return "image";
  if (reference.kind === "invalid") return image;
  return reference.tag ?? "pinned";
}
