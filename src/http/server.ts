import type { AddressInfo, Server, Socket } from "node:net";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { AddressSet } from "../lib/addresses.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { logAccess } from "./access-log.ts";
import { limitBodyTime } from "./body-time.ts";
import { answerErrors, answerNowhere } from "./word-errors.ts";

/** The running server. Its disposal closes it: see `openHttp`. */
export interface HttpServer extends AsyncDisposable {
  /** Where it really listens: the port that was found where 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
}

export interface HttpDependencies {
  readonly log: Log;
  /** Does Gangway do its work: is it connected to engine and broker? */
  readonly isReady: () => boolean;
  /** What is served besides the health routes; nothing, if absent. */
  readonly doors?: readonly Door[];
  /** The proxies whose `X-Forwarded-For` is believed; none, if absent. */
  readonly trustedProxies?: AddressSet;
  /** The key of the configuration that says where to listen; `http.listen`, if absent. */
  readonly setting?: string;
}

/**
 * Something with routes, a gate, and errors of its own: the API, the metrics, each profile. One door at most has no
 * prefix and a handler for what is not found.
 */
export interface Door {
  readonly prefix?: string;
  /** `closing` aborts when the server begins to close: waits and streams end then. */
  readonly open: (app: FastifyInstance, closing: AbortSignal) => void | Promise<void>;
}

/** How long requests under way may go on after the server is told to close, in milliseconds. */
const graceMs = 800;

const limits = {
  bodyLimit: 256 * 1024,
  /** How long a connection may stay open between requests. */
  keepAliveTimeout: 72_000,
  /** How long a connection may be silent in both directions: longer than any wait, and than a heartbeat. */
  connectionTimeout: 90_000,
  http: { maxHeaderSize: 16 * 1024, headersTimeout: 15_000 },
  /** Longer names than the engine takes. */
  routerOptions: { maxParamLength: 300 },
};

/** More are turned away at once: whoever holds connections open must not cost the rest of the program its memory. */
const mostConnections = 1_000;

const reasons: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another program listens there already"],
  ["EACCES", "this user may not listen on this port"],
  ["EADDRNOTAVAIL", "this machine does not have this address"],
]);

/**
 * Listens on `listen` (an IPv6 address without brackets; port 0 for any). `GET /healthz` answers 200 as long as the
 * program runs; `GET /readyz` 200 or 503: to everyone. The rest is the doors' business.
 * The server closes when it is disposed of or `signal` aborts: no new connections, idle ones closed at once, the others
 * after 800 ms. Rejects with `listen_failed`, or `aborted`.
 */
export async function openHttp(
  deps: HttpDependencies,
  listen: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<HttpServer> {
  if (signal.aborted) throw new GangwayError("aborted", "the start of the HTTP server was aborted");
  const { trustedProxies } = deps;
  const app = fastify({
    ...limits,
    forceCloseConnections: "idle",
    logger: false,
    clientErrorHandler: refuseConnection,
    frameworkErrors: refuseUrl,
    trustProxy: trustedProxies === undefined ? false : (address: string) => trustedProxies.has(address),
  });
  app.server.maxConnections = mostConnections;
  app.decorateRequest("caller", null);
  logAccess(app, deps.log);
  limitBodyTime(app, (socket) => refuseConnection({ code: "ERR_HTTP_REQUEST_TIMEOUT" }, socket));
  answerErrors(app, deps.log);
  addHealthRoutes(app, deps.isReady);
  const ending = new AbortController();
  app.addHook("preClose", (done) => {
    ending.abort();
    done();
  });
  const nowhere: Door = { open: (instance) => answerNowhere(instance) };
  for (const { prefix, open } of deps.doors ?? [nowhere]) {
    await app.register(async (instance) => await open(instance, ending.signal), prefix === undefined ? {} : { prefix });
  }
  await app.listen(listen).catch((cause: unknown) => {
    throw listenError(listen, deps.setting ?? "http.listen", cause);
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeWithin(app);
    return closing;
  };
  const onAbort = (): void => void close();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    address: addressOf(app.server),
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener("abort", onAbort);
      await close();
    },
  };
}

/** No detail in these: they answer anyone. */
function addHealthRoutes(app: FastifyInstance, isReady: () => boolean): void {
  app.get("/healthz", (_request, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }));
  app.get("/readyz", (_request, reply) => {
    const ready = isReady();
    return reply
      .code(ready ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ status: ready ? "ok" : "not_ready" });
  });
}

function refuseUrl(_error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  reply.code(400).send({ error: "bad_request" });
}

const connectionErrors: ReadonlyMap<string, readonly [status: string, word: string]> = new Map([
  ["HPE_HEADER_OVERFLOW", ["431 Request Header Fields Too Large", "too_large"]],
  ["ERR_HTTP_REQUEST_TIMEOUT", ["408 Request Timeout", "timeout"]],
]);

/** Answers what never became a request. */
function refuseConnection(error: { readonly code: string }, socket: Socket): void {
  const [status, word] = connectionErrors.get(error.code) ?? ["400 Bad Request", "bad_request"];
  const body = JSON.stringify({ error: word });
  const headers = `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`;
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  socket.destroySoon();
}

async function closeWithin(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

function listenError(
  { host, port }: { readonly host: string; readonly port: number },
  setting: string,
  cause: unknown,
): GangwayError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const reason = reasons.get(code) ?? "the system refuses it";
  return new GangwayError("listen_failed", `cannot listen on ${where} (${setting}): ${reason}`, { cause });
}

function addressOf(server: Server): { readonly host: string; readonly port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}
