import type { FastifyInstance, FastifyRequest } from "fastify";
import { plainAddress } from "../lib/addresses.ts";
import type { Log } from "../lib/log.ts";

const longestPath = 200;

/**
 * One line for each answer: what can change something at level info, the rest at debug. Never a query, in which a key
 * can stand, nor a header or a body.
 */
export function logAccess(app: FastifyInstance, log: Log): void {
  app.addHook("onResponse", (request, reply, done) => {
    const { method, url, caller } = request;
    const fields = {
      method,
      path: url.replace(/[?#].*$/s, "").slice(0, longestPath),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      address: caller?.address ?? addressOf(request),
      key: caller?.name ?? null,
    };
    // Who is not let in changes nothing, and the gate has told of it.
    const isChange = caller !== null && method !== "GET" && method !== "HEAD";
    if (isChange) log.info(fields, "HTTP request");
    else log.debug(fields, "HTTP request");
    done();
  });
}

/** Empty where the connection has gone: a request that was left in the middle has none. */
function addressOf(request: FastifyRequest): string | undefined {
  return request.raw.socket === null ? "" : plainAddress(request.ip ?? "");
}
