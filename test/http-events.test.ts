import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
const open: { destroy: () => unknown }[] = [];
beforeEach(async () => {
  bed = await openHttpBed({ nodes: ["nas", "pi"] });
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.destroy();
  await bed[Symbol.asyncDispose]();
});

interface Listening {
  readonly response: IncomingMessage;
  readonly text: () => string;
  /** In bytes. */
  readonly length: () => number;
  /** What came last. */
  readonly tail: () => string;
}

async function listen(query = "", headers: OutgoingHttpHeaders = {}): Promise<Listening> {
  const asked: ClientRequest = request(`${bed.origin}/api/v1/events${query}`, { agent: false, headers }).end();
  open.push(asked);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  let length = 0;
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  response.on("error", () => {});
  return {
    response,
    text: () => Buffer.concat(chunks).toString(),
    length: () => length,
    tail: () => String(chunks.at(-1)),
  };
}

const lastSeen = (id: string): OutgoingHttpHeaders => ({ "last-event-id": id });
const named = ({ text }: Listening): readonly (string | undefined)[] =>
  [...text().matchAll(/"container":"(?<name>[^"]+)"/g)].map(({ groups }) => groups?.["name"]);

const died = (container: string) =>
  ({
    kind: "event",
    event: { type: "container_died", container, operation: null, details: { exit_code: 137 } },
  }) as const;

describe("server-sent events", () => {
  it("tell what happens and how operations end, on all engines or on one", async () => {
    const all = await listen();
    const pi = await listen("?node=pi");
    expect(all.response.headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store" });
    bed.tell("nas", died("web"));
    await bed.post("/api/v1/containers/web/stop?node=pi&wait=5", { id: "mine" });
    await expect.poll(pi.text).toContain("event: result");
    const [, first, second] = all.text().split("\n\n");

    expect(first).toMatch(/^id: [0-9a-f]{8}-1\nevent: container_died\ndata: /);
    expect(JSON.parse(first?.split("data: ")[1] ?? "")).toMatchObject({
      ...{ event_type: "container_died", node: "nas", container: "web", operation: null, exit_code: 137 },
      time: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
    });
    expect(second).toMatch(/^id: [0-9a-f]{8}-2\nevent: result\ndata: /);
    expect(JSON.parse(second?.split("data: ")[1] ?? "")).toMatchObject({
      id: "mine",
      node: "pi",
      state: "done",
      ok: true,
    });
    expect(pi.text()).not.toContain("container_died");
    expect(pi.text()).toMatch(/^retry: 5000\n\n/);
    expect((await bed.get("/api/v1/events?node=attic")).json).toMatchObject({ error: "node_not_found" });
  });

  it("tell whoever comes back what came in between, of the engine that was asked for", async () => {
    const before = await listen();
    bed.tell("nas", died("first"));
    await expect.poll(before.text).toContain("first");
    const id = /^id: (?<id>.+)$/m.exec(before.text())?.groups?.["id"] ?? "";
    before.response.destroy();
    bed.tell("nas", died("second"));
    bed.tell("pi", died("third"));
    const [all, pi] = [await listen("", lastSeen(id)), await listen("?node=pi", lastSeen(id))];
    bed.tell("pi", died("fourth"));
    await expect.poll(() => named(all)).toEqual(["second", "third", "fourth"]);
    await expect.poll(() => named(pi)).toEqual(["third", "fourth"]);

    expect(named(await listen())).toEqual([]);
    expect(all.text()).not.toContain("gap");
  });

  it.each([
    ["of another life", "00000000-1"],
    ["of the future", ""],
    ["that is none", "constructor"],
    ["of what is long forgotten", "oldest"],
  ])("say that there is a gap after an id %s", async (_, wanted) => {
    const before = await listen();
    bed.tell("nas", died("first"));
    await expect.poll(before.text).toContain("first");
    const id = /^id: (?<id>.+)$/m.exec(before.text())?.groups?.["id"] ?? "";
    if (wanted === "oldest") for (let told = 0; told < 501; told += 1) bed.tell("nas", died("more"));
    const shown = wanted === "oldest" ? id : wanted || id.replace(/-1$/, "-2");
    const after = await listen("", lastSeen(shown));
    bed.tell("nas", died("the last"));
    await expect.poll(after.text).toContain("the last");

    expect(after.text()).toMatch(/^retry: 5000\n\nevent: gap\ndata: \{\}\n\nid: /);
    expect(named(after)).toEqual(["the last"]);
  });

  it("drop whoever reads too slowly, and nobody else", async () => {
    const quick = await listen();
    const slow: Socket = connect(Number(new URL(bed.origin).port), "127.0.0.1");
    open.push(slow);
    slow.on("error", () => {});
    slow.write("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(slow, "readable");
    // More than all the system's buffers between here and there.
    const long = "x".repeat(60_000);
    const messages = 400;
    for (let told = 1; told <= messages; told += 1) {
      bed.tell("nas", died(long));
      if (told % 4 === 0) await expect.poll(() => quick.length() >= told * 60_000, { interval: 1 }).toBe(true);
    }
    const closed = once(slow, "close");
    slow.resume();
    await closed;

    expect(slow.bytesRead).toBeLessThan(messages * 60_000);
    bed.tell("nas", died("the last"));
    await expect.poll(() => quick.tail().includes("the last")).toBe(true);
  }, 30_000);

  it("are for a hundred listeners at a time; their end makes room", async () => {
    const listeners = await Promise.all(Array.from({ length: 100 }, () => listen()));
    const answer = await bed.get("/api/v1/events");
    expect([answer.status, answer.json?.["error"], answer.headers["retry-after"]]).toEqual([
      503,
      "too_many_listeners",
      "30",
    ]);

    listeners[0]?.response.destroy();
    await expect.poll(async () => (await listen()).response.statusCode, { interval: 50 }).toBe(200);
  });

  it("end when it changes who may come in, so that their listeners come in anew", async () => {
    const before = await listen();
    bed.tell("nas", died("first"));
    await expect.poll(before.text).toContain("first");
    const patch = (body: object) => bed.post("/api/v1/settings", body, { method: "PATCH" });
    expect((await patch({})).status).toBe(200);
    bed.tell("nas", died("second"));
    await expect.poll(before.text).toContain("second");
    expect((await patch({ auth: true })).status).toBe(200);
    bed.tell("nas", died("third"));
    await expect.poll(() => before.response.complete, { timeout: 5_000 }).toBe(true);

    expect(named(before)).toEqual(["first", "second"]);
    expect((await bed.get("/api/v1/events")).status).toBe(401);
  });

  it("end when the server closes, without delay", async () => {
    const { response } = await listen();
    const ended = once(response, "end");
    await bed[Symbol.asyncDispose]();
    await ended;

    // Ended, and not cut off when the server's patience was over.
    expect(response.complete).toBe(true);
  });
});

describe("a wait", () => {
  it("ends when the server closes: the operation goes on", async () => {
    const [nas] = bed.nodes;
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(nas ?? {}, { act: () => promise.then(() => ({ state: "done", message: "" })) });
    const waiting = bed.post("/api/v1/containers/web/stop?node=nas&wait=55");
    await expect.poll(() => nas?.operations.pending().length).toBe(1);
    await bed[Symbol.asyncDispose]();

    expect(await waiting).toMatchObject({ status: 202, json: { state: "running" } });
    resolve();
  });
});

describe("clients that are slow", () => {
  it("do not hold up others: five hundred that never end their request, or never read", async () => {
    const port = Number(new URL(bed.origin).port);
    const sockets = await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        const socket = connect(port, "127.0.0.1");
        open.push(socket);
        socket.on("error", () => {});
        await once(socket, "connect");
        const path = index % 2 === 0 ? "/api/v1/containers/web/check" : "/api/v1/containers";
        const headers = index % 2 === 0 ? "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{" : "\r\n";
        socket.write(`${index % 2 === 0 ? "POST" : "GET"} ${path} HTTP/1.1\r\nHost: x\r\n${headers}`);
        return socket;
      }),
    );
    const times = [];
    for (let index = 0; index < 20; index += 1) {
      const started = performance.now();
      expect((await bed.get("/api/v1/containers")).status).toBe(200);
      times.push(performance.now() - started);
    }

    expect(sockets).toHaveLength(500);
    // Those that hold nobody up are given half a minute.
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(5_000);
  }, 30_000);
});
