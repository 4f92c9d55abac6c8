import { addAbortSignal, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { EngineIdentity, EngineSignal } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { signalFrom, type WatchTiming, watchEvents } from "./events.ts";

const base = {
  Type: "container",
  Actor: { ID: "abc", Attributes: { name: "web", image: "nginx" } },
  time: 1_700_000_000,
};
/** As the engine writes it: its nanoseconds are more than a number holds. */
const line = (more: object): string =>
  JSON.stringify({ ...base, ...more }).replace(/\}$/, ',"timeNano":1700000000123456789}');

describe("signalFrom", () => {
  it.each([
    ["a start", line({ Action: "start" }), { action: "start", id: "abc", name: "web" }],
    [
      "a death with its exit code",
      line({ Action: "die", Actor: { ID: "abc", Attributes: { name: "web", exitCode: "137" } } }),
      { action: "die", exitCode: 137 },
    ],
    [
      "a health by Docker",
      line({ Action: "health_status: unhealthy" }),
      { action: "health_status", health: "unhealthy" },
    ],
    [
      "a health by Podman",
      line({ Action: "health_status", HealthStatus: "healthy" }),
      { action: "health_status", health: "healthy" },
    ],
    ["a removal by Podman", line({ Action: "remove" }), { action: "destroy" }],
    [
      "a rename",
      line({ Action: "rename", Actor: { ID: "abc", Attributes: { name: "new", oldName: "/old" } } }),
      { action: "rename", name: "new", oldName: "old" },
    ],
    ["an event without attributes", line({ Action: "die", Actor: { ID: "abc" } }), { action: "die", name: "" }],
  ])("understands %s", (_, text, expected) => {
    expect(signalFrom(text)).toMatchObject({ kind: "container", ...expected });
  });

  it("takes the time with its milliseconds", () => {
    const heard = signalFrom(line({ Action: "start" }));

    expect(heard).toMatchObject({ kind: "container" });
    expect(Math.floor((heard as { time: number }).time)).toBe(1_700_000_000_123);
  });

  it.each(["", "{", "<html>", "null", "[]", '{"Type":"network","Action":"connect","Actor":{"ID":"x"}}'])(
    "ignores %j",
    (text) => {
      expect(signalFrom(text)).toBeUndefined();
    },
  );
});

const engine: EngineIdentity = {
  hostName: "nas",
  version: "26.1.5",
  apiVersion: "1.45",
  containerdStore: false,
  insecureRegistries: [],
};

/** A stream on which nothing happens until its request is aborted. */
function silent(signal: AbortSignal): Readable {
  return addAbortSignal(signal, new Readable({ read: () => {} }));
}

/** Takes signals until there are `count`. */
async function take(
  signals: AsyncIterable<EngineSignal>,
  count: number,
  end: AbortController,
): Promise<EngineSignal[]> {
  const taken: EngineSignal[] = [];
  for await (const heard of signals) {
    taken.push(heard);
    if (taken.length === count) end.abort();
  }
  return taken;
}

/** A watch in which nothing takes long. */
const timing: WatchTiming = {
  firstRetryMs: 1,
  slowestRetryMs: 4,
  answerMs: 20,
  quickAnswerMs: 20,
  steadyMs: 1_000,
  pingEveryMs: 20,
};

const broken = (): Promise<never> => Promise.reject(new GangwayError("engine_unreachable", "no engine"));
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

function sourceWith(more: Partial<Parameters<typeof watchEvents>[0]>): Parameters<typeof watchEvents>[0] {
  return {
    identify: () => Promise.resolve(engine),
    open: (signal) => Promise.resolve(silent(signal)),
    ping: () => Promise.resolve(),
    ...more,
  };
}

const wordOf = (heard: EngineSignal): string => (heard.kind === "container" ? heard.action : heard.kind);

describe("watchEvents", () => {
  it("says when something may have been missed: at the start and after every loss", async () => {
    const end = new AbortController();
    const streams = [
      Readable.from([`${line({ Action: "start" })}\n`]),
      Readable.from([`${line({ Action: "die" })}\n`]),
    ];
    const source = sourceWith({ open: (signal) => Promise.resolve(streams.shift() ?? silent(signal)) });

    const heard = await take(watchEvents(source, end.signal, timing), 5, end);

    expect(heard.map(wordOf)).toEqual(["up", "start", "up", "die", "up"]);
  });

  it("says that the engine is away when a stream that ended can't be opened again", async () => {
    const end = new AbortController();
    const answers = [() => Promise.resolve(Readable.from([])), broken];
    const source = sourceWith({ open: (signal) => answers.shift()?.() ?? Promise.resolve(silent(signal)) });

    const heard = await take(watchEvents(source, end.signal, timing), 3, end);

    expect(heard).toEqual([
      { kind: "up", engine },
      { kind: "down", reason: "no engine" },
      { kind: "up", engine },
    ]);
  });

  it("opens a stream that has lasted again at once", async () => {
    const end = new AbortController();
    const source = sourceWith({ open: () => Promise.resolve(Readable.from([])) });
    const never = 3_600_000;
    const patient = { ...timing, steadyMs: 0, firstRetryMs: never, slowestRetryMs: never };

    const heard = await take(watchEvents(source, end.signal, patient), 4, end);

    expect(heard.map(wordOf)).toEqual(["up", "up", "up", "up"]);
  });

  it("waits longer and longer for a stream that never lasts", async () => {
    const end = new AbortController();
    const source = sourceWith({ open: () => Promise.resolve(Readable.from([])) });
    const began = performance.now();
    await take(watchEvents(source, end.signal, { ...timing, firstRetryMs: 20, slowestRetryMs: 80 }), 4, end);

    // 20, 40 and 80 ms, each at most a quarter shorter.
    expect(performance.now() - began).toBeGreaterThanOrEqual(100);
  });

  it.each([
    ["never sends the headers of its events", { open: untilAborted }],
    ["does not answer any more, though its stream stands", { ping: untilAborted }],
  ])("says that an engine is away which %s", async (_, silence) => {
    const end = new AbortController();

    for await (const heard of watchEvents(sourceWith(silence), end.signal, timing)) {
      if (heard.kind === "up") continue;
      expect(heard).toEqual({ kind: "down", reason: "The engine does not answer any more" });
      end.abort();
    }
    expect.hasAssertions();
  });

  it("says once that the engine is away, however often it tries", async () => {
    const end = new AbortController();
    let tries = 0;
    const identify = (): Promise<EngineIdentity> => {
      tries += 1;
      return tries <= 3 ? broken() : Promise.resolve(engine);
    };

    const heard = await take(watchEvents(sourceWith({ identify }), end.signal, timing), 2, end);

    expect(heard).toEqual([
      { kind: "down", reason: "no engine" },
      { kind: "up", engine },
    ]);
    expect(tries).toBe(4);
  });

  it("survives a line that never ends", async () => {
    const end = new AbortController();
    const streams = [
      Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(1024 * 1024, "x");
        })(),
      ),
    ];
    const source = sourceWith({ open: (signal) => Promise.resolve(streams.shift() ?? silent(signal)) });

    const heard = await take(watchEvents(source, end.signal, timing), 2, end);

    expect(heard.map(wordOf)).toEqual(["up", "up"]);
  });
});
