import { currentCheck, hasUpdate } from "./entry.ts";
import type { Entry } from "./ports.ts";

/** A version that a container is offered. */
export interface Offer {
  readonly digest: string;
  /** Digest of its manifest for the container's platform, where that is known. */
  readonly image?: string;
}

/** The version that a container was offered last, and what it was offered before. */
export interface Offered extends Offer {
  /** The image that the container ran then. */
  readonly imageId?: string;
  /** The versions before it, while the container ran the same image; newest first. */
  readonly earlier?: readonly Offer[];
}

/** The version that a container is offered, which nobody has been told of yet. */
export interface UntoldOffer extends Offer {
  /** When it was found; ISO 8601, UTC. */
  readonly foundAt: string;
  /** The id of the operation that found it. */
  readonly operation: string | null;
}

/** A tag that goes back and forth among more versions than that is nobody's release. */
const mostEarlier = 9;

/** The version that a container is offered now; undefined for none. */
export function offerOf(entry: Entry): Offer | undefined {
  const { latestDigest, latestImage } = currentCheck(entry) ?? {};
  if (!hasUpdate(entry) || latestDigest === undefined) return undefined;
  return { digest: latestDigest, ...(latestImage === undefined ? {} : { image: latestImage }) };
}

/**
 * Is the version that a container is offered a new one to its owner? The last one never is, whatever the container runs
 * since: it may have been rolled back. Neither are those before it while the container still runs what it ran then: a tag
 * can go back and forth. One that it has left behind by an update is news when the tag returns to it.
 */
export function isNews(offer: Offer, offered: Offered | undefined, imageId: string): boolean {
  if (offered === undefined) return true;
  const earlier = offered.imageId === imageId ? (offered.earlier ?? []) : [];
  return ![offered, ...earlier].some((known) => isSame(offer, known));
}

/** Is the container offered that very version now? */
export function isOnOffer(offer: Offer, entry: Entry): boolean {
  const now = offerOf(entry);
  return now !== undefined && isSame(offer, now);
}

/** Are these one version? The same image can go by several digests. */
function isSame(offer: Offer, other: Offer): boolean {
  return offer.digest === other.digest || (offer.image !== undefined && offer.image === other.image);
}

/** The entry with a note of the version that it is offered, so that this one is news once only. */
export function withOffer(entry: Entry): Entry {
  const offer = offerOf(entry);
  if (offer === undefined) return entry;
  const { offered, container } = entry;
  const { imageId } = container;
  if (offered !== undefined && isSame(offer, offered)) return { ...entry, offered: { ...offer, ...offered } };
  if (!isNews(offer, offered, imageId)) return entry;
  const earlier =
    offered?.imageId === imageId ? [plain(offered), ...(offered.earlier ?? [])].slice(0, mostEarlier) : [];
  return { ...entry, offered: { ...offer, imageId, ...(earlier.length === 0 ? {} : { earlier }) } };
}

function plain({ digest, image }: Offer): Offer {
  return { digest, ...(image === undefined ? {} : { image }) };
}
