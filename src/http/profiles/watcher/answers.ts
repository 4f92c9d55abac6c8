import type { FastifyReply } from "fastify";
import type { Denial } from "../../access.ts";
import { denialHeaders, denials } from "../../word-errors.ts";

/*
 * How Docker Image Watcher answers: its errors are lines of text; some of its JSON goes without its type, which Go's
 * server then takes for text.
 */

/** What a route answers. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Absent where there is no text. */
  readonly type?: "application/json" | "text/plain; charset=utf-8";
  readonly headers?: Readonly<Record<string, string>>;
}

const plain = "text/plain; charset=utf-8";

/** JSON with its type, and a newline at the end. */
export function jsonLine(body: unknown): Answer {
  return { status: 200, text: `${JSON.stringify(body)}\n`, type: "application/json" };
}

/** JSON without its type. */
export function untyped(body: object, status = 200): Answer {
  return { status, text: JSON.stringify(body), type: plain };
}

/** A line of text, as Go's `http.Error` sends it. */
export function line(status: number, text: string): Answer {
  return { status, text: `${text}\n`, type: plain, headers: { "x-content-type-options": "nosniff" } };
}

export const methodNotAllowed = line(405, "method not allowed");
export const notFound = line(404, "404 page not found");

export function denialAnswer(denial: Denial): Answer {
  const { status, word } = denials[denial.kind];
  const answer = line(status, JSON.stringify({ error: word }));
  return { ...answer, headers: { ...denialHeaders(denial), ...answer.headers } };
}

/** What every answer bears where somebody has to be known. */
const guarded = { "x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store" };

export function send(reply: FastifyReply, { status, text, type, headers = {} }: Answer, auth: boolean): FastifyReply {
  reply.code(status).headers({ ...(auth ? guarded : {}), ...headers });
  if (type === undefined) return reply.send();
  // As bytes: to a text the server would add a charset.
  return reply.header("content-type", type).send(Buffer.from(text));
}
