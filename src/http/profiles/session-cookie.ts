import type { FastifyRequest } from "fastify";
import type { Shown } from "../access.ts";
import { type Sessions, sessionSeconds } from "../sessions.ts";

/** Both tools that know sessions keep them in a cookie of this name. */
const cookieName = "session";

/** Where a cookie is good, and whether it may go over a connection that others can read. */
interface CookieScope {
  readonly cookiePath: string;
  readonly isSecure: boolean;
}

/** The token in a request's cookie; empty where there is none. */
export function tokenIn({ headers }: Pick<FastifyRequest, "headers">): string {
  const cookies = (headers.cookie ?? "").split(";").map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1) ?? "";
}

/** Whose session a request shows. */
export function sessionIn(request: Pick<FastifyRequest, "headers">, sessions: Sessions): Shown {
  const token = tokenIn(request);
  const holder = token === "" ? undefined : sessions.holderOf(token);
  // A session that has ended is no guess.
  return holder === undefined ? { kind: "none" } : { kind: "holder", holder };
}

/** The header that gives a client its token. */
export function cookieWith(token: string, scope: CookieScope): Readonly<Record<string, string>> {
  return { "set-cookie": cookie(token, sessionSeconds, scope) };
}

/** The header that takes it away again. */
export function cookieEnded(scope: CookieScope): Readonly<Record<string, string>> {
  return { "set-cookie": cookie("", 0, scope) };
}

function cookie(token: string, seconds: number, { cookiePath, isSecure }: CookieScope): string {
  const secure = isSecure ? "; Secure" : "";
  return `${cookieName}=${token}; Path=${cookiePath}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
