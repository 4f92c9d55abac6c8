import { digestsOfRepository, parseImageReference } from "./image-reference.ts";
import { humanVersion, mergedDetails } from "./image-version.ts";
import { labelsFrom } from "./labels.ts";
import type { Entry } from "./ports.ts";
import { releaseUrl } from "./release-url.ts";
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

/** The version text of what the container runs: `1.27.3 (1b2c3d4e5f60)`. */
export function installedVersion(entry: Entry): string {
  const check = currentCheck(entry);
  const other = hasUpdate(entry) ? check?.latest : undefined;
  const label = check?.installedVersion ?? versionLabel(entry.container.image, check?.installed, other);
  return versionText(label, installedDigest(entry));
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
  if (!hasUpdate(entry) || check.latestDigest === undefined) return installedVersion(entry);
  const label = check.latestVersion ?? versionLabel(entry.container.image, check.latest, check.installed);
  return versionText(label, check.latestDigest);
}

/** Where to read what is new in the newest version, or in the one that runs; undefined where nobody knows. */
export function releaseUrlOf(entry: Entry): string | undefined {
  const { image, labels } = entry.container;
  const check = currentCheck(entry);
  const parsed = parseImageReference(image);
  const reference = parsed.kind === "reference" ? parsed : undefined;
  const newest = hasUpdate(entry) ? check?.latest : check?.installed;
  const other = hasUpdate(entry) ? check?.installed : undefined;
  const tag = hasUpdate(entry) ? check?.latestVersion : check?.installedVersion;
  const version = tag ?? humanVersion(newest, reference?.repository ?? "", other);
  const details = mergedDetails(newest, other);
  return releaseUrl({ label: labelsFrom(labels).releaseUrl, reference, details, version });
}
