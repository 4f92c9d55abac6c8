import type { z } from "zod";
import type { Denial } from "../access.ts";
import { denialHeaders, denials } from "../word-errors.ts";

/** What a handler answers. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A member of a request that is not what it should be. */
export interface Mistake {
  readonly in: "path" | "query" | "body";
  readonly name: string;
  readonly message: string;
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  507: "Insufficient Storage",
};

export const problemType = "application/problem+json";

/** An error as RFC 9457 has it; `error` is our word for it, `detail` a sentence for a person. */
export function problem(
  status: number,
  error: string,
  detail: string,
  more: { readonly errors?: readonly Mistake[]; readonly headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const { errors, headers } = more;
  return {
    status,
    headers: { "content-type": problemType, ...headers },
    body: {
      type: `urn:gangway:problem:${error}`,
      title: titles[status] ?? "Error",
      status,
      detail,
      error,
      ...(errors === undefined ? {} : { errors }),
    },
  };
}

/** What zod has found in a part of a request, in words for whoever wrote it. */
export function mistakesFrom(part: Mistake["in"], error: z.ZodError): readonly Mistake[] {
  return error.issues.slice(0, 20).map(({ path, message }) => ({ in: part, name: path.join("."), message }));
}

const details: Readonly<Record<Exclude<Denial["kind"], "address">, string>> = {
  disabled: "The API is turned off; http.enabled, or a PATCH of /api/v1/settings, turns it on.",
  foreign_page:
    "A page of another site sent this, or could have: show a key, or use an address; http.cors says which sites may.",
  credentials: "Show a key: X-API-Key, Authorization: Bearer, or ?key=.",
  slowed: "Too many wrong keys came from your address; wait a little.",
  scope: "This key is not good for that.",
};

/** Who is not let in, as a problem. The setting is only told to the log: it is for who runs Gangway. */
export function denialProblem(denial: Denial): Answer {
  const { status, word } = denials[denial.kind];
  const detail =
    denial.kind === "address" ? "Your address is not allowed; Gangway's log says which it is." : details[denial.kind];
  const wanted = denial.kind === "scope" ? ` It takes the scope ${denial.wanted}.` : "";
  return problem(status, word, detail + wanted, { headers: denialHeaders(denial) });
}
