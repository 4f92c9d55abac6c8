import { createHash } from "node:crypto";
import type { Credentials } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Secrets } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Answer, Send } from "./exchange.ts";
import { statusFault } from "./faults.ts";
import { jsonFrom } from "./json.ts";
import { type Place, trustFor } from "./place.ts";
import { followRedirect } from "./redirect.ts";
import { TokenAnswer } from "./schema.ts";
import type { Way } from "./way.ts";

export type BearerWay = Extract<Way, { readonly kind: "bearer" }>;

export type TokenResult =
  | { readonly kind: "token"; readonly token: string; readonly isFresh: boolean }
  /** The token server does not give one for these credentials, or for none. */
  | { readonly kind: "refused" };

export interface Tokens {
  /**
   * A token for the way's scope: the last one until shortly before its end, or with `renew` always another. Rejects
   * with a `GangwayError` where the token server cannot be asked or makes no sense.
   */
  readonly tokenFor: (place: Place, way: BearerWay, renew: boolean, signal: AbortSignal) => Promise<TokenResult>;
}

interface KnownToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const maxBytes = 256 * 1024;
const maxRedirects = 3;
/** A token server must not give less, for older clients expect no less; nor does every one say. */
const shortestSeconds = 60;
/** So that a token does not end on its way. */
const marginSeconds = 10;

/** Asks token servers, and keeps what they give: one token for each realm, service, scope and credentials. */
export function createTokens(deps: {
  readonly send: Send;
  readonly secrets: Pick<Secrets, "register" | "forget">;
  readonly clock: Pick<Clock, "now">;
  /** Notes that the registry has to be left alone, and gives the error that says so. */
  readonly limited: (place: Place, host: string, answer: Answer) => GangwayError;
}): Tokens {
  const { send, secrets, clock, limited } = deps;
  const known = new Map<string, KnownToken>();
  const forgetEnded = (): void => {
    for (const [key, { token, until }] of known) {
      if (clock.now() < until) continue;
      known.delete(key);
      if (![...known.values()].some((other) => other.token === token)) secrets.forget(token);
    }
  };
  return {
    tokenFor: async (place, way, renew, signal) => {
      const key = keyOf(way);
      forgetEnded();
      const found = known.get(key);
      if (found !== undefined && !renew) return { kind: "token", token: found.token, isFresh: false };
      const answer = await ask(send, place, way, signal);
      if (answer.status === 429) throw limited(place, way.realm.host, answer);
      if (isRefusal(answer.status, way)) return { kind: "refused" };
      const { token, seconds } = tokenFrom(answer, way.realm.host);
      secrets.register(token);
      known.set(key, { token, until: clock.now() + (seconds - marginSeconds) * 1_000 });
      return { kind: "token", token, isFresh: true };
    },
  };
}

function keyOf({ realm, service, scope, credentials }: BearerWay): string {
  return JSON.stringify([realm.href, service, scope, credentials === undefined ? "" : fingerprintOf(credentials)]);
}

/** Tells credentials apart without keeping them. */
export function fingerprintOf(credentials: Credentials): string {
  return createHash("sha256").update(JSON.stringify(credentials)).digest("hex");
}

/** By the token specification, or for an identity token by https://distribution.github.io/distribution/spec/auth/oauth/ */
async function ask(send: Send, place: Place, way: BearerWay, signal: AbortSignal): Promise<Answer> {
  const { realm, service, scope, credentials } = way;
  const parameters = { ...(service === "" ? {} : { service }), scope };
  if (credentials?.kind === "identity_token") {
    const body = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: "gangway",
      ...parameters,
      refresh_token: credentials.token,
    }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return send({ method: "POST", url: realm, headers, body, trust: trustFor(place, realm), maxBytes }, signal);
  }
  let url = new URL(realm);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const shown = credentials === undefined ? {} : { authorization: basic(credentials) };
  let headers: Readonly<Record<string, string>> = shown;
  for (let followed = 0; ; followed += 1) {
    const answer = await send({ method: "GET", url, headers, trust: trustFor(place, url), maxBytes }, signal);
    const next = followed < maxRedirects ? followRedirect(place, url, answer) : undefined;
    if (next === undefined) return answer;
    if (next.origin !== url.origin) headers = {};
    url = next;
  }
}

/** `Basic …` (RFC 7617). */
export function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

/** OAuth 2 answers 400 to a token that it does not know; a server that takes no identity tokens has nothing there. */
function isRefusal(status: number, { credentials }: BearerWay): boolean {
  const refusals = credentials?.kind === "identity_token" ? [400, 401, 403, 404, 405] : [401, 403];
  return refusals.includes(status);
}

function tokenFrom(answer: Answer, host: string): { readonly token: string; readonly seconds: number } {
  if (answer.status !== 200) throw statusFault(answer, host);
  const found = TokenAnswer.safeParse(jsonFrom(answer.body));
  const token = found.data?.token ?? found.data?.access_token;
  if (token === undefined) {
    const message = `The token server ${host} gave an answer without a token; is it the right one?`;
    throw new GangwayError("registry_answer_invalid", message);
  }
  return { token, seconds: Math.max(shortestSeconds, found.data?.expires_in ?? shortestSeconds) };
}
