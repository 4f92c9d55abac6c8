import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** A proxy on 127.0.0.1 by which names that nobody else knows lead to ports of this machine. */
export interface TestProxy extends AsyncDisposable {
  /** With the credentials that it wants, if any. */
  readonly url: URL;
  readonly host: string;
  /** What it was asked: `CONNECT registry.test:443`, `HEAD http://registry.test/v2/…`. */
  readonly asked: readonly string[];
}

/**
 * Opens a proxy that knows `names` (with ports) as ports of this machine, and refuses all others with 502; with
 * `credentials` (`name:password`) everyone who does not show them, with 407.
 */
export async function openProxy(names: Readonly<Record<string, number>>, credentials?: string): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
  const refusalOf = (incoming: IncomingMessage, name: string): number | undefined => {
    if (wanted !== undefined && incoming.headers["proxy-authorization"] !== wanted) return 407;
    return names[name] === undefined ? 502 : undefined;
  };
  const track = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const url = new URL(incoming.url ?? "");
    const name = `${url.hostname}:${url.port === "" ? 80 : url.port}`;
    const refusal = refusalOf(incoming, name);
    if (refusal !== undefined) {
      outgoing.writeHead(refusal).end();
      return;
    }
    const { "proxy-authorization": _, ...headers } = incoming.headers;
    const options = { host: "127.0.0.1", port: names[name], method: incoming.method, path: url.pathname, headers };
    const upstream = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(upstream);
  });
  server.on("connect", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const name = incoming.url ?? "";
    asked.push(`CONNECT ${name}`);
    track(socket);
    const refusal = refusalOf(incoming, name);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(names[name] ?? 0, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    track(upstream);
  });
  server.on("connection", (socket: Socket) => track(socket));
  server.listen({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const host = `127.0.0.1:${address.port}`;
  return {
    url: new URL(`http://${credentials === undefined ? "" : `${credentials}@`}${host}`),
    host,
    asked,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
