import { type Comparison, digestsOf, type LocalImage } from "./image-identity.ts";
import {
  digestsOfRepository,
  familiarText,
  type ImageReference,
  parseImageReference,
  repositoryOf,
} from "./image-reference.ts";
import { platformText } from "./platform.ts";
import type { Finding, UpdateStatus, Verdict } from "./update-status.ts";

/** What has to be asked before a status can be given: the registry, or nothing. */
export type CheckQuestion =
  | {
      readonly kind: "ask";
      readonly reference: ImageReference;
      readonly local: LocalImage;
      /** False: the image may have been built here under that name; this engine does not tell. */
      readonly isPulled: boolean;
    }
  | Pinned
  | Settled;

/** The container stays with a digest, whatever its tag does; the registry may tell whether that has moved on. */
export interface Pinned {
  readonly kind: "pinned";
  readonly digest: string;
  /** The tag that stands beside the digest. */
  readonly reference: ImageReference;
  readonly local: LocalImage | undefined;
}

interface Settled extends Pick<Finding, "reason" | "installedDigest"> {
  readonly kind: "settled";
  readonly status: Exclude<UpdateStatus, Verdict>;
}

/** The registry's answer, or why there is none. */
export type RemoteAnswer =
  | {
      readonly kind: "compared";
      readonly digest: string;
      readonly comparison: Exclude<Comparison, { readonly kind: "open" }>;
      /** The engine has the newest image already. */
      readonly isHere: boolean;
    }
  /** `isAbsent`: the registry has no such image, or shows it to nobody. */
  | { readonly kind: "error"; readonly reason: string; readonly isAbsent: boolean };

/** Decides whether `image` (a container's `Config.Image`) can be asked about at all. */
export function questionFor(image: string, local: LocalImage | undefined): CheckQuestion {
  const settled = (status: Settled["status"], reason: string): Settled => ({ kind: "settled", status, reason });
  const reference = parseImageReference(image);
  if (reference.kind === "invalid") return settled("unknown_image", `"${image}" is not an image reference.`);
  if (reference.kind === "id" || isShortId(image, reference, local)) {
    return settled("unknown_image", reasonForId(local));
  }
  if (reference.digest !== undefined) {
    const { digest, ...tagged } = reference;
    if (reference.tag !== undefined) return { kind: "pinned", digest, reference: tagged, local };
    return { ...settled("pinned", `The container is pinned to ${digest}.`), installedDigest: digest };
  }
  if (local === undefined) {
    return settled("unknown_local_digest", "The engine no longer has a record of the container's image.");
  }
  const stranger = strangerReason(reference, local);
  if (stranger !== undefined) return settled("unknown_local_digest", stranger);
  // The classic store gives a digest only to what was pulled or pushed.
  const isPulled = local.isDigestId !== true || local.origin?.repositories.includes(repositoryOf(reference)) === true;
  return { kind: "ask", reference, local, isPulled };
}

/** `docker run 4f06b3e2a1c9`: by the grammar this is the name of an image as well. */
function isShortId(image: string, reference: ImageReference, local: LocalImage | undefined): boolean {
  if (local === undefined || !/^[0-9a-f]{4,63}$/.test(image) || !local.id.startsWith(`sha256:${image}`)) return false;
  const named = [...local.repoDigests, ...(local.repoTags ?? [])].map(parseImageReference);
  return !named.some((own) => own.kind === "reference" && repositoryOf(own) === repositoryOf(reference));
}

function reasonForId(local: LocalImage | undefined): string {
  const [tag] = local?.repoTags ?? [];
  return tag === undefined
    ? "The container was created from an image id; no registry knows a newer one."
    : `The container was created from an image id, which no registry can tell a newer one of; create it from ${tag} instead.`;
}

/** Why the registry of `reference` knows nothing of this image; undefined where it may. */
function strangerReason(reference: ImageReference, local: LocalImage): string | undefined {
  const { repoDigests, isDigestId, origin } = local;
  const name = familiarText(reference);
  const built = `The engine knows of no registry that has the image: it was built or imported on this machine as ${name}.`;
  const tagged = (elsewhere: string): string =>
    `The image was pulled from ${elsewhere} and only tagged ${name} on this machine; the two need not be the same.`;
  if (origin !== undefined) {
    const { isBuilt, repositories } = origin;
    if (repositories.includes(repositoryOf(reference))) return undefined;
    const [elsewhere] = repositories;
    if (elsewhere !== undefined) return tagged(elsewhere);
    if (isBuilt) return built;
  }
  // In the containerd store a digest is no proof of a pull, and an image whose tag has moved on has none but its id.
  if (isDigestId === true || digestsOfRepository(repoDigests, reference).length > 0) return undefined;
  const [elsewhere] = repoDigests.map((text) => text.slice(0, text.indexOf("@")));
  return elsewhere === undefined ? built : tagged(elsewhere);
}

/**
 * What the tag's digest now, undefined where the registry cannot tell, means for a container that is pinned to another or
 * the same one. It is no update: nobody asked for the tag.
 */
export function pinnedFinding({ digest, reference, local }: Pinned, now: string | undefined): Finding {
  const pinned = `The container is pinned to ${digest}`;
  const name = familiarText(reference);
  const isSame = now === digest || (local !== undefined && now !== undefined && digestsOf(local).includes(now));
  const short = now?.slice(now.indexOf(":") + 1, now.indexOf(":") + 13);
  const rest =
    now === undefined ? "" : isSame ? `, which ${name} still stands for` : `; ${name} stands for another one, ${short}`;
  return { status: "pinned", reason: `${pinned}${rest}.`, installedDigest: digest };
}

/** What the registry's answer means for a container. `wasCertain`: there was a verdict for the same image before. */
export function findingFrom(
  { reference, local, isPulled }: Extract<CheckQuestion, { readonly kind: "ask" }>,
  answer: RemoteAnswer,
  wasCertain: boolean,
): Finding {
  const name = familiarText(reference);
  if (answer.kind === "error") {
    if (!answer.isAbsent || isPulled || wasCertain) return { status: "registry_error", reason: answer.reason };
    const reason = `${reference.registry} does not show a ${name}, and nothing tells that the image came from there: it may have been built or imported on this machine.`;
    return { status: "unknown_local_digest", reason };
  }
  const { digest, comparison, isHere } = answer;
  const platform = local.platform === undefined ? "its platform" : platformText(local.platform);
  switch (comparison.kind) {
    case "same":
      return {
        status: "up_to_date",
        reason:
          comparison.by === "digest"
            ? `${name} still has the container's digest.`
            : `${name} has another digest, but for ${platform} it is still the container's image.`,
        latestDigest: digest,
      };
    case "different":
      return {
        status: "update_available",
        reason: isHere
          ? `${name} now is another image, which is pulled already: the container only has to be recreated.`
          : `${name} now is another image.`,
        latestDigest: digest,
      };
    case "no_platform":
      return {
        status: "registry_error",
        reason: `${name} has no image for ${platform} any more${onlyFor(comparison.platforms)}.`,
      };
    case "artifact":
      return { status: "registry_error", reason: `${name} does not stand for a container image any more.` };
    case "incomparable": {
      const reason = `${name} has another digest, but the engine no longer has a record of the container's image to compare it with.`;
      return { status: "unknown_local_digest", reason };
    }
    default:
      return comparison satisfies never;
  }
}

function onlyFor(platforms: readonly string[]): string {
  if (platforms.length === 0) return "";
  const most = 5;
  const shown = platforms.slice(0, most).join(", ");
  return `, only for ${shown}${platforms.length > most ? " and others" : ""}`;
}

/** Has the engine the image that `digest` stands for under the tag already? `tagged` is what it has there. */
export function isHere(tagged: LocalImage | undefined, local: LocalImage, digest: string, config?: string): boolean {
  if (tagged === undefined || tagged.id === local.id) return false;
  return digestsOf(tagged).includes(digest) || tagged.id === config;
}
