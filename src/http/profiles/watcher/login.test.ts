import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../../../lib/log.ts";
import { systemClock } from "../../../lib/time.ts";
import { createFailures } from "../../failures.ts";
import { keyRing } from "../../keys.ts";
import { createMentions } from "../../mentions.ts";
import { type HttpServer, openHttp } from "../../server.ts";
import { createSessions } from "../../sessions.ts";
import { openAccessStore } from "../../settings.ts";
import { watcherDoor } from "./door.ts";

const ignore = (): void => {};
const log: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const clock = systemClock;
const holder = { name: "ann", scope: "admin", allowed: undefined } as const;
const configured = { enabled: true, auth: true, apiKey: undefined, allowedIps: ["127.0.0.1"] };
const saved = { get: () => ({}), set: () => Promise.resolve() };

const subject = {
  nodes: () => [],
  isFirst: () => true,
  access: openAccessStore({ configured, saved, path: "", secrets: { register: ignore }, log }),
  // At once: how long a real look takes says nothing here.
  users: { holderOf: (_name: string, pass: string) => Promise.resolve(pass === "right" ? holder : undefined) },
  sessions: createSessions({ clock }),
  isOwn: () => false,
  past: () => undefined,
  monkey: { destructive: false },
  socket: () => ({}),
  clock,
};

let server: HttpServer;
const login = async (pass: string): Promise<number> => {
  const body = JSON.stringify({ user: "ann", pass });
  return (await fetch(`http://127.0.0.1:${server.address.port}/api/login`, { method: "POST", body })).status;
};

beforeEach(async () => {
  const rules = { isAllowed: () => true, allowedSetting: "", ...configured, keys: keyRing(undefined, []) };
  const shared = { failures: createFailures({ clock }), mention: createMentions({ clock }), log, cors: [] };
  const door = watcherDoor(subject, { ...shared, rules: () => rules }, undefined);
  const deps = { log, isReady: () => true, doors: [door] };
  server = await openHttp(deps, { host: "127.0.0.1", port: 0 }, new AbortController().signal);
});
afterEach(() => server[Symbol.asyncDispose]());

describe("a password", () => {
  it("is guessed no faster by whoever hangs up before the answer", async () => {
    for (let index = 0; index < 4; index += 1) expect(await login("wrong")).toBe(401);
    const sent = performance.now();
    const guess = '{"user":"ann","pass":"wrong"}';
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connect(server.address.port, "127.0.0.1");
      socket.write(`POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: ${guess.length}\r\n\r\n${guess}`);
      return socket;
    });
    await expect.poll(() => login("right"), { interval: 5 }).toBe(429);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => login("right"), { interval: 10, timeout: 10_000 }).toBe(200);

    // What the fifth guess has to wait.
    expect(performance.now() - sent).toBeGreaterThan(990);
  });
});
