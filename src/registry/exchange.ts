import { getCACertificates } from "node:tls";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { backoff, pause } from "../lib/time.ts";
import { isCut, networkFault } from "./faults.ts";
import type { Trust } from "./place.ts";
import { type ProxySettings, proxyFor } from "./proxy.ts";

/** How long is waited, in milliseconds. */
export interface Timing {
  /** For a connection, with its TLS handshake. */
  readonly connectMs: number;
  /** For the head of an answer. */
  readonly headersMs: number;
  /** Between two parts of a body. */
  readonly bodyMs: number;
  /** For one question with all its requests. */
  readonly questionMs: number;
  /** Before the first retry. */
  readonly retryMs: number;
}

export interface Request {
  readonly method: "HEAD" | "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly trust: Trust;
  /** The most bytes of a body that are read. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  /** The empty text where there is no such header; several of a name are joined by commas. */
  readonly header: (name: string) => string;
  readonly body: Buffer;
  /** False where the body was longer than `maxBytes`: the rest was not read. */
  readonly isWhole: boolean;
}

/** Sends one request; follows nothing. Rejects with `registry_unreachable`, `registry_answer_invalid`, `timeout` or `aborted`. */
export type Send = (request: Request, signal: AbortSignal) => Promise<Answer>;

export interface Exchange {
  readonly send: Send;
  readonly close: () => Promise<void>;
}

const retries = 2;
const worthRetrying: ReadonlySet<number> = new Set([502, 503, 504]);
const longestRetryMs = 5_000;

/**
 * HTTP/1.1 with connections that are kept, through the proxy where there is one for a host; a lost connection and a
 * gateway's fault are tried again, twice.
 */
export function openExchange(timing: Timing, proxies: ProxySettings): Exchange {
  const agents = new Map<string, Dispatcher>();
  const agentFor = (trust: Trust, proxy: URL | undefined): Dispatcher => {
    const key = JSON.stringify([trust, proxy?.href]);
    const agent = agents.get(key) ?? agentWith(trust, proxy, timing);
    agents.set(key, agent);
    return agent;
  };
  const send: Send = async (request, signal) => {
    const proxy = proxyFor(request.url, proxies);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await sendOnce(agentFor(request.trust, proxy), request, signal);
        if (attempt === retries || !worthRetrying.has(answer.status)) return answer;
      } catch (error) {
        if (attempt === retries || signal.aborted || !isCut(error)) {
          const { host, protocol } = request.url;
          const isVerified = protocol === "https:" && request.trust.verified;
          throw networkFault(error, { host, proxy: proxy?.host, isVerified }, signal);
        }
      }
      await pause(backoff(attempt, timing.retryMs, longestRetryMs), signal);
    }
  };
  return {
    send,
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function agentWith(trust: Trust, proxy: URL | undefined, timing: Timing): Dispatcher {
  const options = {
    allowH2: false,
    connectTimeout: timing.connectMs,
    headersTimeout: timing.headersMs,
    bodyTimeout: timing.bodyMs,
  };
  const tls = {
    rejectUnauthorized: trust.verified,
    // A registry of one's own may still send its clients to a token server or a store with a public certificate.
    ...(trust.ca === undefined ? {} : { ca: [...getCACertificates("default"), trust.ca] }),
    ...(trust.client ?? {}),
  };
  if (proxy === undefined) return new Agent({ ...options, connect: tls });
  // The trust is in the registry, at the other end of the tunnel; a proxy with TLS of its own is verified as usual.
  return new ProxyAgent({ ...options, uri: proxy.href, requestTls: { allowH2: false, ...tls } });
}

async function sendOnce(agent: Dispatcher, request: Request, signal: AbortSignal): Promise<Answer> {
  const { method, url, headers, body, maxBytes } = request;
  const answer = await agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { "user-agent": "gangway", "accept-encoding": "identity", ...headers },
    body: body ?? null,
    signal,
    // By default every HEAD closes its connection, and the next one pays for another TLS handshake.
    reset: false,
  });
  const read = await readUpTo(answer.body, maxBytes);
  return {
    status: answer.statusCode,
    header: (name) => [answer.headers[name] ?? ""].flat().join(", "),
    ...read,
  };
}

/** Leaving the loop early destroys the stream, and its connection with it. */
async function readUpTo(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ readonly body: Buffer; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) return { body: Buffer.concat(chunks), isWhole: false };
    chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks), isWhole: true };
}
