import { digestsOfRepository, parseImageReference } from "./image-reference.ts";
import { labelsFrom } from "./labels.ts";
import type { Entry } from "./ports.ts";
import type { CheckRecord } from "./update-status.ts";
import { versionLabel, versionText } from "./versions.ts";

/** What is known of the image that the container runs now: a record of the image it ran before says nothing of it. */
export function currentCheck({ container, check }: Entry): CheckRecord | undefined {
  return check?.imageId === container.imageId && check.reference === container.image ? check : undefined;
}

/** The digest to show for a container: its image's at its registry, else the image's id. */
export function installedDigest(entry: Entry): string {
  const { container } = entry;
  const reference = parseImageReference(container.image);
  const seen = reference.kind === "reference" ? digestsOfRepository(container.repoDigests, reference)[0] : undefined;
  return currentCheck(entry)?.installedDigest ?? seen ?? container.imageId;
}

/** The version text of what the container runs: `latest (1b2c3d4e5f60)`. */
export function installedVersion(entry: Entry): string {
  return versionText(versionLabel(entry.container.image), installedDigest(entry));
}

/** Is there an update to offer, by the last certain answer? A label can forbid to offer any. */
export function hasUpdate(entry: Entry): boolean {
  return (
    currentCheck(entry)?.verdict === "update_available" && labelsFrom(entry.container.labels).updates?.word !== "off"
  );
}

/**
 * The version text of what the registry has, by the last certain answer: the installed one literally unless there is an
 * update to offer; undefined before the first answer.
 */
export function latestVersion(entry: Entry): string | undefined {
  const check = currentCheck(entry);
  if (check?.verdict === undefined) return undefined;
  return hasUpdate(entry) && check.latestDigest !== undefined
    ? versionText(versionLabel(entry.container.image), check.latestDigest)
    : installedVersion(entry);
}
