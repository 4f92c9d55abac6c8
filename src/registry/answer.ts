import type { ImageReference } from "../core/image-reference.ts";
import type { Credentials } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Ask, Question, Reply } from "./ask.ts";
import type { Answer } from "./exchange.ts";
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

/** What is wanted of a place. */
export type Wish = Pick<Question, "method" | "path" | "headers" | "maxBytes">;

/**
 * The answer with the known credentials, or without them where they are refused: a public image needs none. Rejects
 * where neither will do.
 */
export async function answerTo(
  { ask, rejections }: Means,
  subject: Subject,
  wish: Wish,
  signal: AbortSignal,
): Promise<Answer> {
  const { place, known } = subject;
  const askAs = (credentials: Credentials | undefined): Promise<Reply> => ask({ ...wish, place, credentials }, signal);
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
