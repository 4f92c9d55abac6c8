import type { Credentials } from "../core/ports.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";
import type { Access } from "./access.ts";
import type { Answer, Send } from "./exchange.ts";
import { isOwnHost, type Place, trustFor } from "./place.ts";
import { followRedirect } from "./redirect.ts";

/** A question to a registry: for the path of a URL, as anybody or with credentials. */
export interface Question {
  readonly place: Place;
  readonly method: "HEAD" | "GET";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly credentials: Credentials | undefined;
}

export type Reply =
  /** The last answer, whatever its status. */
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The credentials themselves are not taken. */
  | { readonly kind: "refused" };

/** Asks; rejects with a `GangwayError` where no answer comes. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Reply>;

interface Dependencies {
  readonly send: Send;
  readonly access: Access;
  /** Told of each answer of the registry itself. */
  readonly onAnswer: (registry: string, answer: Answer) => void;
}

type Scheme = "https" | "http";

/** Enough for a registry that answers with a challenge, a redirect, and a challenge there. */
const maxSteps = 8;

/**
 * Asks registries: over TLS, or for one that may be spoken to insecurely in the way that worked last; answers
 * challenges, follows redirects.
 */
export function createAsk(deps: Dependencies): Ask {
  const spoken = new Map<string, Scheme>();
  return async (question, signal) => {
    const { place } = question;
    if (!place.insecure) return converse(deps, question, "https", signal);
    const known = spoken.get(place.registry);
    // The engine's order: TLS with any certificate, then none.
    const [usual, other]: readonly [Scheme, Scheme] = known === "http" ? ["http", "https"] : ["https", "http"];
    const first = await attempt(deps, question, usual, signal);
    if (isSpoken(first)) {
      spoken.set(place.registry, usual);
      return first;
    }
    const second = await attempt(deps, question, other, signal);
    if (isSpoken(second)) {
      spoken.set(place.registry, other);
      return second;
    }
    // Of two failures, the one that tells more: that a server without TLS speaks no TLS is no news.
    const isNews = known !== undefined || !isErrorWithCode(first, "registry_unreachable");
    const found = !isNews && second instanceof GangwayError ? second : first;
    if (found instanceof GangwayError) throw found;
    return found;
  };
}

/** The error itself where another scheme may do better. */
async function attempt(
  deps: Dependencies,
  question: Question,
  scheme: Scheme,
  signal: AbortSignal,
): Promise<Reply | GangwayError> {
  try {
    return await converse(deps, question, scheme, signal);
  } catch (error) {
    const isOfScheme = isErrorWithCode(error, "registry_unreachable", "registry_answer_invalid", "timeout");
    if (isOfScheme && !signal.aborted) return error;
    throw error;
  }
}

/** A TLS server's answer to plain HTTP is a 400. */
function isSpoken(found: Reply | GangwayError): found is Reply {
  if (found instanceof GangwayError) return false;
  return found.kind === "refused" || found.answer.status !== 400;
}

async function converse(
  { send, access, onAnswer }: Dependencies,
  question: Question,
  scheme: Scheme,
  signal: AbortSignal,
): Promise<Reply> {
  const { place, method, path, credentials, maxBytes } = question;
  let visit = { place, credentials, url: new URL(`${scheme}://${place.apiHost}${path}`) };
  let pass = await access.passFor(visit, signal);
  for (let step = 0; step < maxSteps; step += 1) {
    if (pass.kind === "refused") return pass;
    const authorization = pass.kind === "shown" ? { authorization: pass.authorization } : {};
    const headers = { ...question.headers, ...authorization };
    const answer = await send({ method, url: visit.url, headers, trust: trustFor(place, visit.url), maxBytes }, signal);
    if (isOwnHost(place, visit.url)) onAnswer(place.registry, answer);
    const next = followRedirect(place, visit.url, answer);
    if (next !== undefined) {
      const isElsewhere = next.origin !== visit.url.origin;
      visit = { ...visit, url: next };
      if (isElsewhere) pass = await access.passFor(visit, signal);
      continue;
    }
    if (answer.status !== 401) return { kind: "answer", answer };
    access.learn(visit, answer);
    if (pass.kind === "shown" && pass.isFresh)
      return pass.isPersonal ? { kind: "refused" } : { kind: "answer", answer };
    pass = await access.newPassFor(visit, signal);
    if (pass.kind === "none") return { kind: "answer", answer };
  }
  const message = `${place.registry} sends its clients round in circles; is there a registry at this address?`;
  throw new GangwayError("registry_answer_invalid", message);
}
