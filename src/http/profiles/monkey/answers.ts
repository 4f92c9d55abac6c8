import type { FastifyReply } from "fastify";
import type { Denial } from "../../access.ts";
import { denialHeaders, denials } from "../../word-errors.ts";

/*
 * How Container Monkey answers: JSON, errors as `{"error": "<sentence>"}`.
 */

/** What a route answers. `body` is JSON, or a stream of bytes. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function ok(body: object): Answer {
  return { status: 200, body };
}

/** The words that its page looks for. */
export function done(message: string, more: object = {}): Answer {
  return ok({ success: true, message, ...more });
}

export function refused(status: number, error: string, more: object = {}): Answer {
  return { status, body: { error, ...more } };
}

export function denialAnswer(denial: Denial): Answer {
  const { status, word } = denials[denial.kind];
  const error = denial.kind === "credentials" ? "Authentication required" : word;
  // A page would ask for a password by itself otherwise.
  return { status, body: { error }, headers: denial.kind === "slowed" ? denialHeaders(denial) : {} };
}

export function send(reply: FastifyReply, { status, body, headers = {} }: Answer): FastifyReply {
  return reply.code(status).header("cache-control", "no-store").headers(headers).send(body);
}
