import { once } from "node:events";
import { Agent, get, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../lib/log.ts";
import { type HttpServer, openHttp } from "./server.ts";

const errors: unknown[] = [];
const ignore = (): void => {};
const log: Log = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (fields: unknown) => errors.push(fields),
};

let ready = true;
let isReady = (): boolean => ready;
let controller = new AbortController();
let server: HttpServer;
let origin = "";

beforeEach(async () => {
  errors.length = 0;
  ready = true;
  isReady = () => ready;
  controller = new AbortController();
  server = await openHttp({ log, isReady: () => isReady() }, { host: "127.0.0.1", port: 0 }, controller.signal);
  origin = `http://127.0.0.1:${server.address.port}`;
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

describe("health routes", () => {
  it("say that the program runs", async () => {
    const answer = await fetch(`${origin}/healthz`);

    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.text()).toBe('{"status":"ok"}');
  });

  it("say whether it is ready, at this moment", async () => {
    ready = false;
    const before = await fetch(`${origin}/readyz`);
    ready = true;
    const after = await fetch(`${origin}/readyz`);

    expect([before.status, await before.text()]).toEqual([503, '{"status":"not_ready"}']);
    expect([after.status, await after.text()]).toEqual([200, '{"status":"ok"}']);
  });

  it("answer HEAD without a body", async () => {
    ready = false;
    const answers = await Promise.all(["/healthz", "/readyz"].map((path) => fetch(origin + path, { method: "HEAD" })));

    expect(answers.map(({ status }) => status)).toEqual([200, 503]);
    expect(await answers[0]?.text()).toBe("");
  });

  it("do not mind a query", async () => {
    expect((await fetch(`${origin}/healthz?probe=1`)).status).toBe(200);
  });
});

describe("requests that are wrong", () => {
  it("are 404 where there is nothing", async () => {
    for (const path of ["/", "/nothing", "/healthz/", "/HEALTHZ", "/a?b=/healthz", "/*!", "/:", "/a/:b(", "/health*"]) {
      const answer = await fetch(origin + path);
      expect([path, answer.status, await answer.json()]).toEqual([path, 404, { error: "not_found" }]);
    }
    const unreadable = await fetch(`${origin}/%ff`);
    expect([unreadable.status, await unreadable.json()]).toEqual([400, { error: "bad_request" }]);
  });

  it("are 405 where the method is not for this route, whatever the body", async () => {
    for (const init of [
      { method: "DELETE" },
      { method: "POST", body: "{", headers: { "content-type": "application/json" } },
      { method: "PUT", body: "x", headers: { "content-type": "text/strange" } },
    ]) {
      const answer = await fetch(`${origin}/healthz?x`, init);
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await answer.json()).toEqual({ error: "method_not_allowed" });
    }
  });

  it("cannot send endless headers", async () => {
    const asked = request(`${origin}/healthz`, { headers: { "x-long": "x".repeat(20_000) } }).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];

    expect(answer.statusCode).toBe(431);
    expect(await text(answer)).toBe('{"error":"too_large"}');
  });

  it("are refused where they are no requests", async () => {
    const socket = connect(server.address.port, "127.0.0.1");
    socket.write("hello\r\n\r\n");

    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\r\n\r\n\{"error":"bad_request"\}$/s);
  });

  it("get no stack trace when the program fails, but the log does", async () => {
    isReady = () => {
      throw new Error("secret detail");
    };
    const answer = await fetch(`${origin}/readyz`);

    expect([answer.status, await answer.text()]).toEqual([500, '{"error":"internal_error"}']);
    expect(errors).toMatchObject([{ err: { message: "secret detail" }, method: "GET", route: "/readyz" }]);
  });
});

describe("listening", () => {
  it("fails with the address and the setting where the port is taken", async () => {
    const taken = server.address;

    await expect(openHttp({ log, isReady }, taken, controller.signal)).rejects.toMatchObject({
      code: "listen_failed",
      message: `cannot listen on 127.0.0.1:${taken.port} (http.listen): another program listens there already`,
    });
  });

  it("fails clearly where the machine does not have the address", async () => {
    await expect(
      openHttp({ log, isReady }, { host: "2001:db8::1", port: 5000 }, controller.signal),
    ).rejects.toMatchObject({
      code: "listen_failed",
      message: expect.stringContaining("[2001:db8::1]:5000 (http.listen)") as unknown,
    });
  });

  it("does not begin once it was aborted", async () => {
    await expect(openHttp({ log, isReady }, { host: "127.0.0.1", port: 0 }, AbortSignal.abort())).rejects.toMatchObject(
      {
        code: "aborted",
      },
    );
  });
});

describe("closing", () => {
  it("waits for nobody, with connections that are idle, silent or under way", async () => {
    const agent = new Agent({ keepAlive: true });
    const [idle] = (await once(get(`${origin}/healthz`, { agent }), "response")) as [
      import("node:http").IncomingMessage,
    ];
    await text(idle);
    const silent = connect(server.address.port, "127.0.0.1");
    await once(silent, "connect");
    const slow = connect(server.address.port, "127.0.0.1");
    slow.write("GET /healthz HTTP/1.1\r\nHost: x\r\n");
    await once(slow, "connect");
    const ends = [silent, slow].map((socket) => once(socket.resume(), "close"));
    // A keep-alive connection may be idle for more than a minute, a silent one for ever.
    await server[Symbol.asyncDispose]();

    await Promise.all(ends);
    agent.destroy();
  });

  it("happens at the abort of the signal, and frees the port", async () => {
    const { port } = server.address;
    const visitor = connect(port, "127.0.0.1");
    await once(visitor, "connect");
    controller.abort();
    await once(visitor.resume(), "close");
    await server[Symbol.asyncDispose]();
    const next = createServer().listen(port, "127.0.0.1");
    await once(next, "listening");

    expect((next.address() as AddressInfo).port).toBe(port);
    next.close();
  });

  it("may be asked for twice", async () => {
    await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    await expect(fetch(`${origin}/healthz`)).rejects.toThrow();
  });
});
