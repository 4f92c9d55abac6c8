import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { type Duplex, pipeline } from "node:stream";
import { endToEnd } from "./http-headers.ts";

/** A call to the engine that went through the proxy. */
export interface EngineCall {
  /** Counts from 1 over all calls. */
  readonly number: number;
  /** Counts from 1 over the calls that may change something: all but GET and HEAD. 0 for those. */
  readonly change: number;
  readonly method: string;
  /** With its query, without the API version in front: `/containers/create?name=web`. */
  readonly path: string;
  /** Null until the engine has answered. */
  status: number | null;
}

/** What becomes of a call. `cut` closes the client's connection without an answer. */
export type Verdict = "pass" | "cut" | { readonly status: number; readonly message: string };

/** Decides about a call; while it does not resolve, the call is held. */
export type Hook = (call: EngineCall) => Verdict | Promise<Verdict>;

/** A socket in front of an engine's that passes everything on and can interfere. */
export interface EngineProxy extends AsyncDisposable {
  readonly socketPath: string;
  /** As in `DOCKER_HOST`. */
  readonly host: string;
  readonly calls: () => readonly EngineCall[];
  readonly clearCalls: () => void;
  /** Decides before a call reaches the engine: what does not pass, the engine never sees. */
  readonly onRequest: (hook: Hook | undefined) => void;
  /** Decides when the engine has answered, before the client hears of it: what was asked for has been done. */
  readonly onResponse: (hook: Hook | undefined) => void;
  /** Closes all connections, as an engine that is being restarted. */
  readonly cutAll: () => void;
}

/** Listens on `socketPath` and forwards to `enginePath`, streams and hijacked connections included. */
export async function openEngineProxy(enginePath: string, socketPath = `${enginePath}.proxy`): Promise<EngineProxy> {
  let calls: EngineCall[] = [];
  let onRequest: Hook | undefined;
  let onResponse: Hook | undefined;
  const open = new Set<Duplex>();
  const passage: Passage = {
    enginePath,
    record: (incoming) => {
      const call = callOf(incoming, calls);
      calls.push(call);
      return call;
    },
    beforeRequest: (call) => onRequest?.(call) ?? "pass",
    beforeResponse: (call) => onResponse?.(call) ?? "pass",
  };
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  server.on("request", (incoming, outgoing) => void forward(passage, incoming, outgoing));
  server.on("upgrade", (incoming, client, head) => void tunnel(passage, incoming, client, head));
  await rm(socketPath, { force: true });
  server.listen(socketPath);
  await once(server, "listening");
  const cutAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    socketPath,
    host: `unix://${socketPath}`,
    calls: () => calls.map((call) => ({ ...call })),
    clearCalls: () => {
      calls = [];
    },
    onRequest: (hook) => {
      onRequest = hook;
    },
    onResponse: (hook) => {
      onResponse = hook;
    },
    cutAll,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      cutAll();
      await closed;
    },
  };
}

interface Passage {
  readonly enginePath: string;
  readonly record: (incoming: IncomingMessage) => EngineCall;
  readonly beforeRequest: Hook;
  readonly beforeResponse: Hook;
}

function callOf({ method = "", url = "" }: IncomingMessage, earlier: readonly EngineCall[]): EngineCall {
  const isChange = method !== "GET" && method !== "HEAD";
  return {
    number: earlier.length + 1,
    change: isChange ? earlier.filter(({ change }) => change > 0).length + 1 : 0,
    method,
    path: url.replace(/^\/v\d+\.\d+(?=\/)/, ""),
    status: null,
  };
}

async function forward(passage: Passage, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const call = passage.record(incoming);
  const verdict = await passage.beforeRequest(call);
  if (verdict !== "pass") return refuse(outgoing, verdict);
  const { method, url, rawHeaders } = incoming;
  const headers = [...endToEnd(rawHeaders), "Connection", "keep-alive"];
  const upstream = request({ socketPath: passage.enginePath, method, path: url, headers, agent: false });
  outgoing.on("close", () => upstream.destroy());
  upstream.on("error", () => {
    if (call.status === null) outgoing.destroy();
  });
  const deliver = async (answer: IncomingMessage) => {
    call.status = answer.statusCode ?? 0;
    const last = await passage.beforeResponse(call);
    if (last !== "pass") return refuse(outgoing, last);
    // The client may have died while the hook decided.
    if (outgoing.destroyed) return;
    outgoing.writeHead(call.status, answer.statusMessage, endToEnd(answer.rawHeaders));
    outgoing.flushHeaders();
    pipeline(answer, outgoing, () => {});
  };
  upstream.on("response", (answer) => void deliver(answer));
  incoming.pipe(upstream);
}

function refuse(outgoing: ServerResponse, verdict: Exclude<Verdict, "pass">): void {
  if (verdict === "cut") {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(verdict.status, { "Content-Type": "application/json" });
  outgoing.end(JSON.stringify({ message: verdict.message }));
}

/**
 * A request that takes its connection over (attach, exec, session) is passed on byte by byte, half-closed ends too. Only
 * the head of the answer is looked at.
 */
async function tunnel(passage: Passage, incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  const call = passage.record(incoming);
  const verdict = await passage.beforeRequest(call);
  if (verdict !== "pass") return refuseTunnel(client, verdict);
  const engine = connect({ path: passage.enginePath, allowHalfOpen: true });
  engine.on("error", () => client.destroy());
  client.on("error", () => engine.destroy());
  client.on("close", () => engine.destroy());
  engine.write(headText(incoming));
  engine.write(head);
  client.pipe(engine);
  const answer = await headOf(engine);
  if (answer === undefined) return void client.destroy();
  call.status = Number(answer.toString("latin1").split(" ")[1]);
  const last = await passage.beforeResponse(call);
  if (last !== "pass") return refuseTunnel(client, last);
  client.write(answer);
  engine.pipe(client);
}

function headText({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  return `${[`${method} ${url} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`;
}

/** Reads up to the end of the answer's head, and what came with it; undefined where the connection ends before. */
async function headOf(engine: Socket): Promise<Buffer | undefined> {
  const ended = once(engine, "end").then(() => "end" as const);
  let read = Buffer.alloc(0);
  while (!read.includes("\r\n\r\n")) {
    const chunk: Buffer | null = engine.read();
    if (chunk !== null) read = Buffer.concat([read, chunk]);
    else if ((await Promise.race([once(engine, "readable"), ended])) === "end") return undefined;
  }
  return read;
}

function refuseTunnel(client: Duplex, verdict: Exclude<Verdict, "pass">): void {
  if (verdict !== "cut") {
    const body = JSON.stringify({ message: verdict.message });
    const lines = [`HTTP/1.1 ${verdict.status} Refused`, "Content-Type: application/json", "Connection: close"];
    client.write([...lines, `Content-Length: ${Buffer.byteLength(body)}`, "", body].join("\r\n"));
    client.end();
  } else client.destroy();
}
