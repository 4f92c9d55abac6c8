import { connect } from "node:net";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { endUnread, limitBodyTime } from "./body-time.ts";

let app: FastifyInstance;
beforeEach(() => {
  app = fastify();
});
afterEach(() => app.close());

describe("the time for a body", () => {
  it("ends, but for a route that takes bytes as they come", async () => {
    const refused: string[] = [];
    const begun: string[] = [];
    app.addHook("onRequest", ({ url }, _reply, done) => {
      begun.push(url);
      done();
    });
    limitBodyTime(
      app,
      (socket) => {
        refused.push(`${socket.remotePort}`);
        socket.destroy();
      },
      30,
    );
    app.addContentTypeParser("application/octet-stream", (_request, _content, done) => done(null));
    app.post("/json", () => "");
    app.post("/bytes", { config: { bytes: true } }, () => new Promise(() => {}));
    const { port } = new URL(await app.listen({ port: 0, host: "127.0.0.1" }));
    const ports = new Map<string, string>();
    const sockets = ["/bytes", "/json"].map((path) => {
      const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
      // A socket that is closed does not tell any more.
      socket.on("connect", () => ports.set(path, `${socket.localPort}`));
      const type = path === "/json" ? "application/json" : "application/octet-stream";
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 9\r\n\r\n{`);
      return socket;
    });
    await vi.waitFor(() => expect(begun).toHaveLength(2));

    await vi.waitFor(() => expect(refused).toEqual([ports.get("/json")]));
    for (const socket of sockets) socket.destroy();
  });
});

describe("bytes that nobody reads any more", () => {
  it("end with the connection, a moment after the answer, though the request was left", async () => {
    endUnread(app, 30);
    app.addContentTypeParser("application/octet-stream", (_request, content, done) => done(null, content));
    app.post("/bytes", { config: { bytes: true } }, async (request, reply) => {
      for await (const _ of request.body as AsyncIterable<Buffer>) break;
      return await reply.code(413).send("");
    });
    const { port } = new URL(await app.listen({ port: 0, host: "127.0.0.1" }));
    const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
    const seen: string[] = [];
    socket.on("data", (data) => seen.push(String(data).slice(0, 12))).on("close", () => seen.push("closed"));
    socket.write(
      "POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 9\r\n\r\n{",
    );

    await vi.waitFor(() => expect(seen).toEqual(["HTTP/1.1 413", "closed"]));
  });
});
