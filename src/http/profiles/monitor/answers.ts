import type { FastifyReply } from "fastify";
import type { Denial } from "../../access.ts";
import { denialHeaders, denials } from "../../word-errors.ts";

/*
 * How Docker Monitor Image answers: compact JSON with its keys in alphabetical order and a newline at the end, and pages
 * of HTML where its framework answers for it.
 */

/** What a route answers: JSON, with its members written in their order, or a page where there is no body. */
export interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export function ok(body: object): Answer {
  return { status: 200, body };
}

/** The pages of Werkzeug 3, word for word: somebody may look for them. */
const pages: ReadonlyMap<number, readonly [title: string, text: string]> = new Map([
  [400, ["Bad Request", "The browser (or proxy) sent a request that this server could not understand."]],
  [
    403,
    [
      "Forbidden",
      "You don&#39;t have the permission to access the requested resource. It is either read-protected or not readable by the server.",
    ],
  ],
  [
    404,
    [
      "Not Found",
      "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.",
    ],
  ],
  [405, ["Method Not Allowed", "The method is not allowed for the requested URL."]],
  [413, ["Request Entity Too Large", "The data value transmitted exceeds the capacity limit."]],
  [
    500,
    [
      "Internal Server Error",
      "The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.",
    ],
  ],
]);

/** The page for a status. */
export function pageOf(status: number): string {
  const [title, text] = pages.get(status) ?? pages.get(500) ?? ["", ""];
  return `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n<p>${text}</p>\n`;
}

export function send(reply: FastifyReply, { status, body, headers = {} }: Answer): FastifyReply {
  reply.code(status).header("cache-control", "no-store").headers(headers);
  return body === undefined
    ? reply.header("content-type", "text/html; charset=utf-8").send(pageOf(status))
    : // As bytes: to a text the server would add a charset.
      reply.header("content-type", "application/json").send(Buffer.from(`${JSON.stringify(body)}\n`));
}

/** Answers who is not let in; `withOk`: on routes that say so where the key is missing. */
export function denialAnswer(denial: Denial, withOk: boolean): Answer {
  const { status, word } = denials[denial.kind];
  if (denial.kind === "address") return { status };
  return {
    status,
    body: { error: word, ...(withOk && denial.kind === "credentials" ? { ok: false } : {}) },
    headers: denialHeaders(denial),
  };
}
