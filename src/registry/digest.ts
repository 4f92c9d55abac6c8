import type { ImageReference } from "../core/image-reference.ts";
import type { Credentials } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Ask, Reply } from "./ask.ts";
import type { Answer } from "./exchange.ts";
import { errorCodeIn, statusFault } from "./faults.ts";
import { accept, bodyDigest, maxManifestBytes, requireCurrentFormat, toldDigest } from "./manifest.ts";
import { hostnameOf, type Place } from "./place.ts";
import type { Rejections } from "./rejections.ts";

/** What is asked about. */
export interface Subject {
  readonly place: Place;
  readonly reference: ImageReference;
  /** The credentials that are set for the registry. */
  readonly known: Credentials | undefined;
}

/** What it is asked with. */
export interface Means {
  readonly ask: Ask;
  readonly rejections: Rejections;
  /** Notes that the registry has to be left alone, and gives the error that says so. */
  readonly limited: (place: Place, host: string, answer: Answer) => GangwayError;
}

/** Registries that know no HEAD. */
const withoutHead: ReadonlySet<number> = new Set([405, 501]);

/** The digest that the reference's tag has now, by one HEAD; by a GET where the registry does not tell it. */
export async function digestAt(means: Means, subject: Subject, signal: AbortSignal): Promise<string> {
  const { place } = subject;
  const head = await answerTo(means, subject, "HEAD", signal);
  if (!withoutHead.has(head.status)) {
    requireManifest(means, place, head);
    const told = toldDigest(head);
    if (told !== undefined) return told;
  }
  const whole = await answerTo(means, subject, "GET", signal);
  requireManifest(means, place, whole);
  return bodyDigest(whole, place.registry);
}

function requireManifest({ limited }: Means, place: Place, answer: Answer): void {
  const { registry } = place;
  switch (answer.status) {
    case 200:
      requireCurrentFormat(answer, place.reference);
      return;
    case 404:
    case 410: {
      const message = `${registry} has no ${place.reference}${errorCodeIn(answer)}; check the image's name and tag`;
      throw new GangwayError("registry_not_found", message);
    }
    case 429:
      throw limited(place, registry, answer);
    default:
      throw statusFault(answer, registry);
  }
}

/**
 * The answer with the known credentials, or without them where they are refused: a public image needs none. Rejects
 * where neither will do.
 */
async function answerTo(
  { ask, rejections }: Means,
  subject: Subject,
  method: "HEAD" | "GET",
  signal: AbortSignal,
): Promise<Answer> {
  const { place, reference, known } = subject;
  const path = `/v2/${place.repository}/manifests/${reference.tag ?? reference.digest ?? "latest"}`;
  const askAs = (credentials: Credentials | undefined): Promise<Reply> =>
    ask({ place, method, path, headers: { accept }, maxBytes: maxManifestBytes, credentials }, signal);
  const usable = known !== undefined && rejections.has(place.registry, known) ? undefined : known;
  const first = await askAs(usable);
  const answer = openAnswer(first);
  if (answer !== undefined) return answer;
  if (usable !== undefined) {
    if (first.kind === "refused") rejections.add(place.registry, usable);
    const anonymous = openAnswer(await askAs(undefined));
    if (anonymous !== undefined) return anonymous;
  }
  throw new GangwayError("registry_denied", denialOf(rejections, subject));
}

/** The answer, unless it is that nothing will be shown. */
function openAnswer(reply: Reply): Answer | undefined {
  return reply.kind === "refused" || reply.answer.status === 401 || reply.answer.status === 403
    ? undefined
    : reply.answer;
}

function denialOf(rejections: Rejections, { place, known }: Subject): string {
  const { registry, repository } = place;
  if (known === undefined) {
    const advice = "check its name, or give credentials by docker login or in registries";
    return `${registry} does not show ${repository} to everybody, or has no such image; ${advice}`;
  }
  if (rejections.has(registry, known)) {
    return `${registry} rejected its credentials, and does not show ${repository} without; renew them`;
  }
  const host = rejections.withheldFrom(registry);
  if (host !== undefined) {
    return `${registry} wants its credentials shown to ${hostnameOf(host)}, which is not its own host; they were withheld`;
  }
  return `${registry} does not show ${repository} to the account that is set for it, or has no such image; check both`;
}
