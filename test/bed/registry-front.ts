import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import { setTimeout as timer } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import type { Certificate } from "./certificate.ts";
import { endToEnd } from "./http-headers.ts";
import type { Gate } from "./registry-access.ts";

/** A request that came to the registry. */
export interface RegistryRequest {
  readonly method: string;
  readonly url: string;
  /** Null until it is answered, and for ever where it is not. */
  status: number | null;
  /** When it came, in milliseconds since 1970. */
  readonly time: number;
  /** `engine`: through the engine's own loopback; `host`: from a process of this machine. */
  readonly from: "engine" | "host";
}

/** An answer that the registry did not give. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Which requests a spoiled answer is for; all, if absent. */
export type Matcher = (request: RegistryRequest) => boolean;

export interface RegistryFront {
  readonly port: number;
  /** All requests since the last `clearRequests`, in the order in which they came. */
  readonly requests: () => readonly RegistryRequest[];
  readonly clearRequests: () => void;
  /** Answers with `answer` in the registry's stead, until `ok`. */
  readonly failWith: (answer: Answer, matches?: Matcher) => void;
  /** Takes requests and never answers, until `ok`; those that came meanwhile stay unanswered. */
  readonly hang: (matches?: Matcher) => void;
  /** Waits before every answer, until `ok`. */
  readonly delay: (ms: number, matches?: Matcher) => void;
  /** Back to the registry's own answers. */
  readonly ok: () => void;
  /** Refuses connections, as a registry that is down. */
  readonly stop: () => Promise<void>;
  /** Listens on the same port again. */
  readonly start: () => Promise<void>;
  /** Takes a connection that was made inside an engine's network namespace. */
  readonly accept: (socket: Socket) => void;
  readonly close: () => Promise<void>;
}

/** Where a registry itself listens. */
export type Backend = { readonly socketPath: string } | { readonly host: string; readonly port: number };

interface FrontOptions {
  readonly backend: Backend;
  readonly gate: Gate | undefined;
  readonly certificate: Certificate | undefined;
}

type Behaviour =
  | { readonly kind: "ok" }
  | { readonly kind: "fail"; readonly answer: Answer; readonly matches: Matcher }
  | { readonly kind: "hang"; readonly matches: Matcher }
  | { readonly kind: "delay"; readonly ms: number; readonly matches: Matcher };

const always: Matcher = () => true;

/** Opens the counting front of the registry on a free port of 127.0.0.1. */
export async function openFront(options: FrontOptions): Promise<RegistryFront> {
  const { backend, gate, certificate } = options;
  const scheme = certificate === undefined ? "http" : "https";
  const open = new Set<Socket>();
  let seen: RegistryRequest[] = [];
  let behaviour: Behaviour = { kind: "ok" };

  const answer = async (from: RegistryRequest["from"], incoming: IncomingMessage, outgoing: ServerResponse) => {
    const record = recordOf(from, incoming);
    seen.push(record);
    outgoing.on("finish", () => {
      record.status = outgoing.statusCode;
    });
    const now = behaviour;
    if (now.kind !== "ok" && now.matches(record)) {
      if (now.kind === "hang") return;
      if (now.kind === "fail") return send(outgoing, now.answer);
      await timer(now.ms);
    }
    const refusal = await gate?.(incoming, `${scheme}://${incoming.headers.host}`);
    if (refusal === undefined) forward(backend, incoming, outgoing);
    else send(outgoing, refusal);
  };

  const serverFor = (from: RegistryRequest["from"]): Server => {
    const plain = createServer((incoming, outgoing) => void answer(from, incoming, outgoing));
    plain.on("connection", (socket: Socket) => track(open, socket));
    if (certificate === undefined) return plain;
    const secure = createTlsServer(certificate);
    secure.on("secureConnection", (socket) => plain.emit("connection", socket));
    return secure;
  };

  const outside = serverFor("host");
  const inside = serverFor("engine");
  const port = await listen(outside, 0);
  const stop = async () => {
    if (!outside.listening) return;
    const closed = once(outside, "close");
    outside.close();
    for (const socket of open) socket.destroy();
    await closed;
  };

  return {
    port,
    requests: () => seen.map((record) => ({ ...record })),
    clearRequests: () => {
      seen = [];
    },
    failWith: (spoiled, matches = always) => {
      behaviour = { kind: "fail", answer: spoiled, matches };
    },
    hang: (matches = always) => {
      behaviour = { kind: "hang", matches };
    },
    delay: (ms, matches = always) => {
      behaviour = { kind: "delay", ms, matches };
    },
    ok: () => {
      behaviour = { kind: "ok" };
    },
    stop,
    start: async () => {
      await listen(outside, port);
    },
    accept: (socket) => {
      if (outside.listening) inside.emit("connection", socket);
      else socket.destroy();
    },
    close: stop,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen({ port, host: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the registry's front has no port");
  return address.port;
}

function recordOf(from: RegistryRequest["from"], { method, url }: IncomingMessage): RegistryRequest {
  return { method: method ?? "", url: url ?? "", status: null, time: Date.now(), from };
}

function track(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => open.delete(socket));
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}

function forward(backend: Backend, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, rawHeaders } = incoming;
  const headers = [...endToEnd(rawHeaders), "Connection", "keep-alive"];
  const upstream = request({ ...backend, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders));
    answer.pipe(outgoing);
  });
  upstream.on("error", () => outgoing.destroy());
  outgoing.on("close", () => upstream.destroy());
  incoming.pipe(upstream);
}
