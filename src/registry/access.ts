import type { Credentials } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Answer } from "./exchange.ts";
import type { Place } from "./place.ts";
import { basic, type Tokens } from "./token.ts";
import { type Way, wayFor } from "./way.ts";

/** What to show a server. */
export type Pass =
  | { readonly kind: "none" }
  /** The credentials are not taken. */
  | { readonly kind: "refused" }
  | {
      readonly kind: "shown";
      readonly authorization: string;
      /** It was made for this very request: another one would be refused as well. */
      readonly isFresh: boolean;
      /** It is the credentials themselves, not a token that was given for them. */
      readonly isPersonal: boolean;
    };

/** Whom a request is for: the server at `url`, on behalf of these credentials or of nobody. */
export interface Visit {
  readonly place: Place;
  readonly url: URL;
  readonly credentials: Credentials | undefined;
}

export interface Access {
  /** What the server at `url` will want, by its last challenge; nothing where it has never challenged. */
  readonly passFor: (visit: Visit, signal: AbortSignal) => Promise<Pass>;
  /** The same after it has answered 401: no token that it has seen before. */
  readonly newPassFor: (visit: Visit, signal: AbortSignal) => Promise<Pass>;
  /** Remembers the challenges of a 401. */
  readonly learn: (visit: Visit, answer: Pick<Answer, "header">) => void;
}

/** Remembers for each registry what it wants to see, so that a token is had before it is asked for. */
export function createAccess(deps: {
  readonly tokens: Tokens;
  /** The credentials were not shown to the token server at `host`, which is not the registry's own. */
  readonly onWithheld: (place: Place, host: string) => void;
}): Access {
  const { tokens, onWithheld } = deps;
  const learnt = new Map<string, readonly Challenge[]>();
  const choose = (visit: Visit): Way => {
    const { place, url, credentials } = visit;
    const way = wayFor(place, url, learnt.get(keyOf(visit)) ?? [], credentials);
    if (way.kind === "bearer" && way.withheld) onWithheld(place, way.realm.host);
    return way;
  };
  return {
    passFor: (visit, signal) => passBy(tokens, visit.place, choose(visit), { renew: false }, signal),
    newPassFor: (visit, signal) => passBy(tokens, visit.place, choose(visit), { renew: true }, signal),
    learn: (visit, answer) => {
      learnt.set(keyOf(visit), parseChallenges(answer.header("www-authenticate")));
    },
  };
}

async function passBy(
  tokens: Tokens,
  place: Place,
  way: Way,
  { renew }: { readonly renew: boolean },
  signal: AbortSignal,
): Promise<Pass> {
  switch (way.kind) {
    case "none":
      return way;
    case "unusable": {
      // Only a server that has just said so is to blame: it may have been set right since the last time.
      if (!renew) return { kind: "none" };
      const message = `${place.registry} names a token server that cannot be used: it has to have an https:// address`;
      throw new GangwayError("registry_answer_invalid", message);
    }
    case "ready":
      return { kind: "shown", authorization: `Bearer ${way.token}`, isFresh: true, isPersonal: true };
    case "basic":
      return { kind: "shown", authorization: basic(way), isFresh: true, isPersonal: true };
    case "bearer": {
      const result = await tokens.tokenFor(place, way, renew, signal);
      if (result.kind === "refused") return way.credentials === undefined ? { kind: "none" } : result;
      const { token, isFresh } = result;
      return { kind: "shown", authorization: `Bearer ${token}`, isFresh, isPersonal: false };
    }
    default:
      return way satisfies never;
  }
}

function keyOf({ place, url }: Visit): string {
  return `${place.registry} ${url.origin}`;
}
