import type { AddressInfo, Server, Socket } from "node:net";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { GangwayError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** The running server. Its disposal closes it: see `openHttp`. */
export interface HttpServer extends AsyncDisposable {
  /** Where it really listens: the port that was found where 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
}

interface HttpDeps {
  readonly log: Log;
  /** Does Gangway do its work: is it connected to engine and broker? */
  readonly isReady: () => boolean;
}

/** How long requests under way may go on after the server is told to close, in milliseconds. */
const graceMs = 800;

const limits = {
  bodyLimit: 1024 * 1024,
  /** All of a request must have come within this time. */
  requestTimeout: 30_000,
  /** How long a connection may stay open between requests. */
  keepAliveTimeout: 72_000,
  http: { maxHeaderSize: 16 * 1024, headersTimeout: 15_000 },
};

const reasons: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another program listens there already"],
  ["EACCES", "this user may not listen on this port"],
  ["EADDRNOTAVAIL", "this machine does not have this address"],
]);

/**
 * Listens on `listen` (an IPv6 address without brackets; port 0 for any). `GET /healthz` answers 200 as long as the
 * program runs; `GET /readyz` 200 or 503. Everything else is 404 or 405; errors are JSON: `{"error": "<word>"}`.
 * The server closes when it is disposed of or `signal` aborts: no new connections, idle ones closed at once, the others
 * after 800 ms. Rejects with `listen_failed`, or `aborted`.
 */
export async function openHttp(
  { log, isReady }: HttpDeps,
  listen: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<HttpServer> {
  if (signal.aborted) throw new GangwayError("aborted", "the start of the HTTP server was aborted");
  const app = fastify({
    ...limits,
    forceCloseConnections: "idle",
    logger: false,
    clientErrorHandler: refuseConnection,
    frameworkErrors: refuseUrl,
  });
  answerErrors(app, log);
  addHealthRoutes(app, isReady);
  await app.listen(listen).catch((cause: unknown) => {
    throw listenError(listen, cause);
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

function answerErrors(app: FastifyInstance, log: Log): void {
  // Before a body is read: what it holds makes no difference.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) refuseRoute(app, request, reply);
    else done();
  });
  app.setNotFoundHandler((request, reply) => refuseRoute(app, request, reply));
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return reply.code(status).send({ error: status === 413 ? "too_large" : "bad_request" });
    log.error({ err: error, method: request.method, route: request.routeOptions.url }, "an HTTP request failed");
    return reply.code(500).send({ error: "internal_error" });
  });
}

function refuseRoute(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const url = request.url.replace(/\?.*$/s, "");
  const allowed = app.supportedMethods.filter((method) => app.hasRoute({ method, url }));
  if (allowed.length === 0) return reply.code(404).send({ error: "not_found" });
  return reply.code(405).header("allow", allowed.join(", ")).send({ error: "method_not_allowed" });
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

function listenError({ host, port }: { readonly host: string; readonly port: number }, cause: unknown): GangwayError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const reason = reasons.get(code) ?? "the system refuses it";
  return new GangwayError("listen_failed", `cannot listen on ${where} (http.listen): ${reason}`, { cause });
}

function addressOf(server: Server): { readonly host: string; readonly port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}
