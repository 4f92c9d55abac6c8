import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Answer } from "./registry-front.ts";

/** How a registry asks who is there (https://distribution.github.io/distribution/spec/auth/). */
export interface Access {
  /** `basic`: name and password with every request; `token`: a bearer token, given by `/token` for name and password. */
  readonly kind: "basic" | "token";
  readonly username: string;
  readonly password: string;
  /** With tokens: what gets one as well, by POST. */
  readonly identityToken?: string;
}

/** Undefined where the request may pass, else what to answer. `origin` is the registry's own address. */
export type Gate = (request: IncomingMessage, origin: string) => Promise<Answer | undefined>;

export function createGate(access: Access): Gate {
  const basic = `Basic ${Buffer.from(`${access.username}:${access.password}`).toString("base64")}`;
  const token = randomBytes(16).toString("hex");
  const isIdentity = async (request: IncomingMessage): Promise<boolean> =>
    request.method === "POST" &&
    access.identityToken !== undefined &&
    new URLSearchParams(await textOf(request)).get("refresh_token") === access.identityToken;
  return async (request, origin) => {
    const shown = request.headers.authorization;
    if (access.kind === "basic") return shown === basic ? undefined : refusal('Basic realm="bed"');
    if (request.url?.startsWith("/token")) {
      const isKnown = shown === basic || (await isIdentity(request));
      return isKnown ? granted(token) : refusal('Basic realm="bed"');
    }
    if (shown === `Bearer ${token}`) return undefined;
    return refusal(`Bearer realm="${origin}/token",service="bed",scope="${scopeOf(request)}"`);
  };
}

function scopeOf({ method, url }: IncomingMessage): string {
  const repository = /^\/v2\/(?<name>.+)\/(?:manifests|blobs|tags)\//.exec(url ?? "")?.groups?.["name"] ?? "";
  return `repository:${repository}:${method === "GET" || method === "HEAD" ? "pull" : "pull,push"}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Under both names: answers to a POST have the second one only, by the specification. */
function granted(token: string): Answer {
  return json(200, { token, access_token: token, expires_in: 300, issued_at: new Date().toISOString() });
}

function refusal(challenge: string): Answer {
  const { status, body, headers } = json(401, {
    errors: [{ code: "UNAUTHORIZED", message: "authentication required", detail: null }],
  });
  return { status, ...(body === undefined ? {} : { body }), headers: { ...headers, "www-authenticate": challenge } };
}

function json(status: number, value: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
