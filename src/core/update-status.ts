import { digestsOfRepository, familiarText, type ImageReference, parseImageReference } from "./image-reference.ts";

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
  /** The last certain answer, however old. */
  readonly verdict?: Verdict;
  /** The tag's digest at the last certain answer. */
  readonly latestDigest?: string;
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

/** What the local image can say of itself. */
export interface LocalImage {
  readonly id: string;
  readonly repoDigests: readonly string[];
}

/** The registry's answer for a reference, or why there is none. */
export type RemoteAnswer =
  | { readonly kind: "digest"; readonly digest: string }
  | { readonly kind: "error"; readonly reason: string };

/** What has to be asked before a status can be given: the registry, or nothing. */
export type CheckQuestion =
  | { readonly kind: "ask"; readonly reference: ImageReference; readonly local: LocalImage }
  | {
      readonly kind: "settled";
      readonly status: Exclude<UpdateStatus, Verdict>;
      readonly reason: string;
      readonly installedDigest?: string;
    };

/** Decides whether `image` (a container's `Config.Image`) can be asked about at all. */
export function questionFor(image: string, local: LocalImage | undefined): CheckQuestion {
  const reference = parseImageReference(image);
  if (reference.kind !== "reference") {
    const reason =
      reference.kind === "id"
        ? "The container was created from an image id; no registry knows a newer one."
        : `"${image}" is not an image reference.`;
    return { kind: "settled", status: "unknown_image", reason };
  }
  if (reference.digest !== undefined) {
    const reason = `The container is pinned to ${reference.digest}.`;
    return { kind: "settled", status: "pinned", reason, installedDigest: reference.digest };
  }
  if (local === undefined) {
    return {
      kind: "settled",
      status: "unknown_local_digest",
      reason: "The engine no longer has a record of the container's image.",
    };
  }
  if (digestsOfRepository(local.repoDigests, reference).length === 0) {
    return {
      kind: "settled",
      status: "unknown_local_digest",
      reason: `The image was not pulled from ${familiarText(reference)}: built, imported or tagged on this machine.`,
    };
  }
  return { kind: "ask", reference, local };
}

/** Compares the container's own image with the registry's answer. */
export function statusFrom(
  reference: ImageReference,
  local: LocalImage,
  answer: RemoteAnswer,
): { readonly status: UpdateStatus; readonly reason: string; readonly latestDigest?: string } {
  if (answer.kind === "error") return { status: "registry_error", reason: answer.reason };
  // In the containerd image store an image's id is the digest itself.
  const known = local.id === answer.digest || digestsOfRepository(local.repoDigests, reference).includes(answer.digest);
  const name = familiarText(reference);
  return known
    ? { status: "up_to_date", reason: `${name} still has the container's digest.`, latestDigest: answer.digest }
    : { status: "update_available", reason: `${name} now has another digest.`, latestDigest: answer.digest };
}

/**
 * The record after a check. An uncertain status keeps the last verdict, as long as that was given for the same image
 * and reference.
 */
export function recordAfter(
  previous: CheckRecord | undefined,
  found: {
    readonly status: UpdateStatus;
    readonly reason: string;
    readonly latestDigest?: string;
    readonly installedDigest?: string;
  },
  subject: { readonly imageId: string; readonly reference: string; readonly checkedAt: string },
): CheckRecord {
  const kept =
    previous !== undefined && previous.imageId === subject.imageId && previous.reference === subject.reference
      ? previous
      : undefined;
  const certain = found.status === "up_to_date" || found.status === "update_available" ? found.status : undefined;
  const verdict = certain ?? kept?.verdict;
  const latestDigest = certain === undefined ? kept?.latestDigest : found.latestDigest;
  const isSeenBefore = kept !== undefined && kept.latestDigest === latestDigest;
  const latestSince = isSeenBefore ? (kept.latestSince ?? kept.checkedAt) : subject.checkedAt;
  const installedDigest = found.installedDigest ?? kept?.installedDigest;
  return {
    status: found.status,
    reason: found.reason,
    ...subject,
    ...(installedDigest === undefined ? {} : { installedDigest }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(latestDigest === undefined ? {} : { latestDigest, latestSince }),
    ...(kept?.attempts === undefined ? {} : { attempts: kept.attempts }),
  };
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

/** The record of a container that has just been given the newest image of its reference; undefined where that has no digest. */
export function recordAfterUpdate(
  reference: string,
  image: LocalImage,
  checkedAt: string,
  reason = "The container was just updated.",
): CheckRecord | undefined {
  const parsed = parseImageReference(reference);
  const digest = parsed.kind === "reference" ? installedDigestOf(parsed, image, undefined) : undefined;
  if (digest === undefined) return undefined;
  return {
    status: "up_to_date",
    verdict: "up_to_date",
    reason,
    checkedAt,
    imageId: image.id,
    reference,
    installedDigest: digest,
    latestDigest: digest,
  };
}

/**
 * The record of a container that was put back after an update: its image is not the newest, as the update has shown.
 * `judged`: the newest did not work, so that nobody installs it again unasked.
 */
export function recordAfterRollback(
  reference: string,
  image: LocalImage,
  { latestDigest, judged }: { readonly latestDigest: string; readonly judged: boolean },
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
    latestDigest,
    latestSince: checkedAt,
    ...(judged ? { attempts: { digest: latestDigest, count: 1, rolledBack: true } } : {}),
  };
}
