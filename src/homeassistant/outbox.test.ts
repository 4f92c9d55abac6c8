import { afterEach, describe, expect, it } from "vitest";
import type { BrokerSession, Publication } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createOutbox } from "./outbox.ts";

/** A session whose broker acknowledges only when it is told to. */
function slowSession(inFlight = 65_535) {
  const end = new AbortController();
  const sent: Publication[] = [];
  const pending: PromiseWithResolvers<void>[] = [];
  const session: BrokerSession = {
    closed: end.signal,
    inFlight,
    publish: (publication) => {
      sent.push(publication);
      const answer = Promise.withResolvers<void>();
      pending.push(answer);
      return answer.promise;
    },
    subscribe: () => Promise.resolve(),
    unsubscribe: () => Promise.resolve(),
  };
  return {
    session,
    sent,
    close: () => end.abort(),
    acknowledge: async (count: number) => {
      for (const { resolve } of pending.splice(0, count)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
    refuse: async (message: string) => {
      for (const { reject } of pending.splice(0)) reject(new GangwayError("broker_refused", message));
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const lines: string[] = [];
const log = { warn: (_: object, text: string) => lines.push(text) } as unknown as Log;
afterEach(() => {
  lines.length = 0;
});

const retained = (topic: string, payload: string): Publication => ({ topic, payload, retain: true, qos: 1 });
const passing = (topic: string, payload: string): Publication => ({ topic, payload, retain: false, qos: 0 });

describe("outbox", () => {
  it("sends in the order of the calls", () => {
    const { session, sent } = slowSession();
    const outbox = createOutbox(session, log);

    outbox.put(retained("config", "1"));
    outbox.put(retained("state", "2"));
    outbox.put(passing("stats", "3"));

    expect(sent.map(({ payload }) => payload)).toEqual(["1", "2", "3"]);
  });

  it("does not repeat what the broker has, until it is told to forget", () => {
    const { session, sent } = slowSession();
    const outbox = createOutbox(session, log);

    for (const payload of ["a", "a", "b", "b", "a"]) outbox.put(retained("t", payload));
    expect(sent.map(({ payload }) => payload)).toEqual(["a", "b", "a"]);
    outbox.forget();
    outbox.put(retained("t", "a"));
    expect(sent).toHaveLength(4);
  });

  it("repeats what is not retained: each is news", () => {
    const { session, sent } = slowSession();
    const outbox = createOutbox(session, log);

    outbox.put(passing("t", "a"));
    outbox.put(passing("t", "a"));

    expect(sent).toHaveLength(2);
  });

  it("keeps only the newest of each topic while the broker is slow", async () => {
    const { session, sent, acknowledge } = slowSession();
    const outbox = createOutbox(session, log);
    for (let index = 0; index < 32; index++) outbox.put(retained(`busy/${index}`, "x"));

    for (let version = 0; version < 10_000; version++) outbox.put(retained("state", String(version)));
    expect(sent).toHaveLength(32);
    await acknowledge(32);

    expect(sent.slice(32)).toEqual([retained("state", "9999")]);
  });

  it("does not grow without bound with what is not retained, and drops the oldest of it", async () => {
    const { session, sent, acknowledge } = slowSession();
    const outbox = createOutbox(session, log);
    for (let index = 0; index < 32; index++) outbox.put(retained(`busy/${index}`, "x"));

    for (let index = 0; index < 5_000; index++) outbox.put(passing("stats", String(index)));
    while (sent.length < 32 + 1_000) await acknowledge(32);
    await acknowledge(32);

    expect(sent).toHaveLength(32 + 1_000);
    expect(sent.at(-1)?.payload).toBe("4999");
  });

  it("drops no news for the states of many containers that wait before it", async () => {
    const { session, sent, acknowledge } = slowSession();
    const outbox = createOutbox(session, log);
    for (let index = 0; index < 5_000; index++) outbox.put(retained(`state/${index}`, "x"));

    outbox.put(passing("event", "news"));
    while (sent.length < 5_000) await acknowledge(32);
    await acknowledge(32);

    expect(sent.at(-1)).toEqual(passing("event", "news"));
  });

  it("sends nothing after the session is over", () => {
    const { session, sent, close } = slowSession();
    const outbox = createOutbox(session, log);

    close();
    outbox.put(retained("t", "a"));

    expect(sent).toEqual([]);
  });

  it("has no more messages unacknowledged than the broker takes", async () => {
    const { session, sent, acknowledge } = slowSession(3);
    const outbox = createOutbox(session, log);

    for (let index = 0; index < 10; index++) outbox.put(retained(`t/${index}`, "x"));
    expect(sent).toHaveLength(3);
    await acknowledge(1);

    expect(sent).toHaveLength(4);
  });

  it("logs a refusal once, and neither repeats what was refused nor stops for it", async () => {
    const { session, sent, refuse } = slowSession(2);
    const outbox = createOutbox(session, log);
    for (let index = 0; index < 6; index++) outbox.put(retained(`t/${index}`, "x"));
    for (let round = 0; round < 3; round++) await refuse("Not authorized");

    outbox.put(retained("t/0", "x"));
    expect(sent).toHaveLength(6);
    expect(lines).toHaveLength(1);
    outbox.put(retained("t/0", "y"));
    await refuse("Quota exceeded");

    expect(lines).toHaveLength(2);
  });

  it("tells when the broker has taken a message, and not when it has refused it or the session is over", async () => {
    const { session, acknowledge, refuse } = slowSession();
    const outbox = createOutbox(session, log);
    const taken: string[] = [];
    outbox.put(retained("a", ""), () => taken.push("a"));
    expect(taken).toEqual([]);
    await acknowledge(1);
    outbox.put(retained("b", ""), () => taken.push("b"));
    await refuse("Not authorized");

    expect(taken).toEqual(["a"]);
  });
});
