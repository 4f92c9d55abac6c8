import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../lib/log.ts";
import type { Denial } from "./access.ts";

/*
 * Errors where no profile has a form of its own: `{"error": "<word>"}`.
 */

/** The status and the contract's word for who is not let in. */
export const denials: Readonly<Record<Denial["kind"], { readonly status: number; readonly word: string }>> = {
  address: { status: 403, word: "address_not_allowed" },
  disabled: { status: 403, word: "api_disabled" },
  foreign_page: { status: 403, word: "foreign_page" },
  credentials: { status: 401, word: "unauthorized" },
  slowed: { status: 429, word: "too_many_failures" },
  scope: { status: 403, word: "scope_missing" },
};

/** Seconds after which those who tried too many keys may come again. */
const retryAfter = "5";

/** What HTTP wants beside these statuses (RFC 9110 §11.6.1, §10.2.3). */
export function denialHeaders({ kind }: Denial): Readonly<Record<string, string>> {
  if (kind === "credentials") return { "www-authenticate": 'Bearer realm="gangway"' };
  return kind === "slowed" ? { "retry-after": retryAfter } : {};
}

export function refuseInAWord(denial: Denial, reply: FastifyReply): FastifyReply {
  const { status, word } = denials[denial.kind];
  return reply.code(status).headers(denialHeaders(denial)).send({ error: word });
}

/** Answers what `app` has no route for in a word. */
export function answerNowhere(app: FastifyInstance): void {
  // Before a body is read: what it holds makes no difference.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) refuseRoute(app, request, reply);
    else done();
  });
  app.setNotFoundHandler((request, reply) => refuseRoute(app, request, reply));
}

/** Answers in a word what goes wrong in the routes of `app`, and of the doors that have no other form for it. */
export function answerErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return reply.code(status).send({ error: status === 413 ? "too_large" : "bad_request" });
    log.error({ err: error, method: request.method, route: request.routeOptions.url }, "an HTTP request failed");
    return reply.code(500).send({ error: "internal_error" });
  });
}

function refuseRoute(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const url = request.url.replace(/\?.*$/s, "");
  // The router takes a path with these for the pattern of one, and throws where it is none.
  const isPattern = /[*:]/.test(url);
  const allowed = isPattern ? [] : app.supportedMethods.filter((method) => app.hasRoute({ method, url }));
  if (allowed.length === 0) return reply.code(404).send({ error: "not_found" });
  return reply.code(405).header("allow", allowed.join(", ")).send({ error: "method_not_allowed" });
}
