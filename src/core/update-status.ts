import type { LocalImage } from "./image-identity.ts";
import { digestsOfRepository, type ImageReference, parseImageReference } from "./image-reference.ts";
import type { ImageDetails } from "./image-version.ts";

/** The words of the contract for what the last check found. */
export const updateStatuses = [
  "up_to_date",
  "update_available",
  "unknown_image",
  "unknown_local_digest",
  "registry_error",
  "pinned",
] as const;
export type UpdateStatus = (typeof updateStatuses)[number];

/** The statuses that say something certain. */
export type Verdict = Extract<UpdateStatus, "up_to_date" | "update_available">;

/** What is known of a container's image and its tag. It belongs to `imageId`, not to the tag. */
export interface CheckRecord {
  /** Of the last check. */
  readonly status: UpdateStatus;
  /** One sentence: why this status. */
  readonly reason: string;
  /** ISO 8601, UTC: when the last check ended. */
  readonly checkedAt: string;
  /** The image that all this is said of. */
  readonly imageId: string;
  readonly reference: string;
  /** The digest that the container's own image has at its repository, where it is known. */
  readonly installedDigest?: string;
  /** What the container's own image says of itself. */
  readonly installed?: ImageDetails;
  /** The version tag that stands for it, where tags are tracked and one does. */
  readonly installedVersion?: string;
  /** The platform of the container's image: `linux/arm/v7`. */
  readonly platform?: string;
  /** The last certain answer, however old. */
  readonly verdict?: Verdict;
  /**
   * The tag's digest at the last certain answer. While there is an update, the first one that stood for the same image:
   * an index can get another one every day.
   */
  readonly latestDigest?: string;
  /** The digest of the newest image's manifest for this platform: it tells whether two digests are one version. */
  readonly latestImage?: string;
  readonly latest?: ImageDetails;
  /** The version tag that stands for the newest image, where tags are tracked and one does. */
  readonly latestVersion?: string;
  /** The tag to install, where that is another one than the container's own. */
  readonly targetTag?: string;
  /** ISO 8601, UTC: when `latestDigest` was first seen here. */
  readonly latestSince?: string;
  /** How often it was tried to install another digest instead of this image. */
  readonly attempts?: Attempts;
}

/** Attempts to install one digest: each is noted when it begins, so that those count that took Gangway down with them. */
export interface Attempts {
  readonly digest: string;
  readonly count: number;
  /** The version was run and found bad. */
  readonly rolledBack: boolean;
}

/** What a check has found out about one container. */
export interface Finding
  extends Pick<CheckRecord, "status" | "reason" | "installedDigest" | "installed" | "installedVersion" | "platform">,
    Latest {}

/**
 * The record after a check. An uncertain status keeps the last verdict, as long as that was given for the same image
 * and reference.
 */
export function recordAfter(
  previous: CheckRecord | undefined,
  found: Finding,
  subject: { readonly imageId: string; readonly reference: string; readonly checkedAt: string },
): CheckRecord {
  const kept =
    previous !== undefined && previous.imageId === subject.imageId && previous.reference === subject.reference
      ? previous
      : undefined;
  const { status, reason } = found;
  const isCertain = status === "up_to_date" || status === "update_available";
  const latest = isCertain ? latestAfter(kept, found, status) : latestIn(kept);
  const isSeenBefore = kept !== undefined && kept.latestDigest === latest.latestDigest;
  const latestSince = isSeenBefore ? (kept.latestSince ?? kept.checkedAt) : subject.checkedAt;
  const verdict = isCertain ? status : kept?.verdict;
  const installedDigest = found.installedDigest ?? kept?.installedDigest;
  const installed = found.installed ?? kept?.installed;
  const { installedVersion } = isCertain ? found : (kept ?? found);
  const platform = found.platform ?? kept?.platform;
  return {
    status,
    reason,
    ...subject,
    ...(installedDigest === undefined ? {} : { installedDigest }),
    ...(installed === undefined ? {} : { installed }),
    ...(installedVersion === undefined ? {} : { installedVersion }),
    ...(platform === undefined ? {} : { platform }),
    ...(verdict === undefined ? {} : { verdict }),
    ...latest,
    ...(latest.latestDigest === undefined ? {} : { latestSince }),
    ...(kept?.attempts === undefined ? {} : { attempts: kept.attempts }),
  };
}

type Latest = Pick<CheckRecord, "latestDigest" | "latestImage" | "latest" | "latestVersion" | "targetTag">;

function latestIn(from: Latest | undefined): Latest {
  const { latestDigest, latestImage, latest, latestVersion, targetTag } = from ?? {};
  return {
    ...(latestDigest === undefined ? {} : { latestDigest }),
    ...(latestImage === undefined ? {} : { latestImage }),
    ...(latest === undefined ? {} : { latest }),
    ...(latestVersion === undefined ? {} : { latestVersion }),
    ...(targetTag === undefined ? {} : { targetTag }),
  };
}

/** What is newest after a certain answer: what was offered before keeps its digest for as long as it is the same image. */
function latestAfter(kept: CheckRecord | undefined, found: Finding, verdict: Verdict): Latest {
  if (kept === undefined || verdict !== "update_available" || kept.verdict !== verdict) return latestIn(found);
  const isSameDigest = kept.latestDigest === found.latestDigest;
  const isSameImage = kept.latestImage !== undefined && kept.latestImage === found.latestImage;
  if (!isSameDigest && !isSameImage) return latestIn(found);
  // What it is called, and where it stands, is not the image's: another tag can come to stand for it.
  const { latestVersion, targetTag, ...image } = latestIn(kept);
  return latestIn({ ...image, ...latestIn(found), ...(isSameImage ? pick(kept) : {}) });
}

function pick({ latestDigest }: CheckRecord): Latest {
  return latestDigest === undefined ? {} : { latestDigest };
}

/** What an attempt to install a digest has come to. */
export type AttemptStep = "begun" | "rolled_back" | "called_off";

/** The record of a container for which an attempt to install `digest` was begun, was rolled back, or did not take place. */
export function recordAfterAttempt(record: CheckRecord, digest: string, step: AttemptStep): CheckRecord {
  const { attempts, ...rest } = record;
  const before = attempts?.digest === digest ? attempts : { digest, count: 0, rolledBack: false };
  switch (step) {
    case "begun":
      return { ...rest, attempts: { ...before, count: before.count + 1 } };
    case "rolled_back":
      return { ...rest, attempts: { ...before, count: Math.max(1, before.count), rolledBack: true } };
    case "called_off":
      return before.count <= 1 ? rest : { ...rest, attempts: { ...before, count: before.count - 1 } };
  }
}

/**
 * The digest to show as the installed one: the tag's, where the image has it, else the first of the repository's.
 * An image can have several, in no useful order.
 */
export function installedDigestOf(
  reference: ImageReference,
  local: LocalImage,
  latestDigest: string | undefined,
): string | undefined {
  const own = digestsOfRepository(local.repoDigests, reference);
  return latestDigest !== undefined && own.includes(latestDigest) ? latestDigest : own[0];
}

/**
 * The record of a container that has just been given the newest image of its reference; undefined where that has no
 * digest. `before`: what was known before the update.
 */
export function recordAfterUpdate(
  reference: string,
  image: LocalImage,
  checkedAt: string,
  {
    reason = "The container was just updated.",
    before,
  }: { readonly reason?: string; readonly before?: CheckRecord | undefined } = {},
): CheckRecord | undefined {
  const parsed = parseImageReference(reference);
  const digest = parsed.kind === "reference" ? installedDigestOf(parsed, image, before?.latestDigest) : undefined;
  if (digest === undefined) return undefined;
  const version = before?.latestDigest === digest ? before.latestVersion : undefined;
  return {
    status: "up_to_date",
    verdict: "up_to_date",
    reason,
    checkedAt,
    imageId: image.id,
    reference,
    installedDigest: digest,
    ...(image.details === undefined ? {} : { installed: image.details }),
    ...(version === undefined ? {} : { installedVersion: version, latestVersion: version }),
    latestDigest: digest,
  };
}

interface RolledBack {
  readonly latestDigest: string;
  readonly judged: boolean;
  readonly targetTag?: string | undefined;
  readonly before?: CheckRecord | undefined;
}

/**
 * The record of a container that was put back after an update: its image is not the newest, as the update has shown.
 * `judged`: the newest did not work, so that nobody installs it again unasked. `targetTag`: the tag that the newest stands
 * in, where that is another one. `before`: what was known before the update.
 */
export function recordAfterRollback(
  reference: string,
  image: LocalImage,
  { latestDigest, judged, targetTag, before }: RolledBack,
  checkedAt: string,
): CheckRecord {
  const parsed = parseImageReference(reference);
  const installedDigest = parsed.kind === "reference" ? installedDigestOf(parsed, image, undefined) : undefined;
  return {
    status: "update_available",
    verdict: "update_available",
    reason: judged ? "The update to this version was rolled back." : "The update to this version was interrupted.",
    checkedAt,
    imageId: image.id,
    reference,
    ...(installedDigest === undefined ? {} : { installedDigest }),
    ...(image.details === undefined ? {} : { installed: image.details }),
    ...(before?.installedVersion === undefined ? {} : { installedVersion: before.installedVersion }),
    ...latestIn(before?.latestDigest === latestDigest ? before : { latestDigest }),
    ...(targetTag === undefined ? {} : { latestVersion: targetTag, targetTag }),
    latestSince: checkedAt,
    ...(judged ? { attempts: { digest: latestDigest, count: 1, rolledBack: true } } : {}),
  };
}
