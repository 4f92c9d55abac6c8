import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";

/** A request that came. */
export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly body: string;
}

/** What is answered: a status with headers and body, or something done to the socket instead. */
export type Scripted =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer }
  | { readonly raw: (socket: Socket) => void };

export type Script = (request: Seen) => Scripted | Promise<Scripted>;

/** A server whose every answer is the test's. */
export interface ScriptedServer extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  readonly port: number;
  readonly seen: readonly Seen[];
  /** How many connections were made to it, for whatever. */
  readonly connections: () => number;
  /** Waits for the n-th request, n from 1. */
  readonly arrived: (count: number) => Promise<void>;
}

/** Opens a server on 127.0.0.1, with TLS where a certificate is given; on a free port, unless one is given. */
export async function openScripted(
  script: Script,
  certificate?: { readonly key: string; readonly cert: string },
  port = 0,
): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let connections = 0;
  const listener: RequestListener = (incoming, outgoing) => {
    void (async () => {
      const body = await textOf(incoming);
      const request = {
        method: incoming.method ?? "",
        url: new URL(incoming.url ?? "", `http://${incoming.headers.host}`),
        authorization: incoming.headers.authorization,
        accept: incoming.headers.accept,
        body,
      };
      seen.push(request);
      for (const check of waiting) check();
      const answer = await script(request);
      if ("raw" in answer) {
        answer.raw(incoming.socket);
        return;
      }
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
    })();
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("secureConnection", (socket: Socket) => socket.on("error", () => {}));
  server.listen({ port, host: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: `127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    connections: () => connections,
    arrived: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (seen.length >= count) resolve();
        };
        waiting.push(check);
        check();
      }),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
