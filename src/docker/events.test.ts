import { addAbortSignal, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { EngineIdentity, EngineSignal } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { signalFrom, watchEvents } from "./events.ts";

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

describe("watchEvents", () => {
  it("says when something may have been missed: at the start and after every loss", async () => {
    const end = new AbortController();
    const streams = [
      Readable.from([`${line({ Action: "start" })}\n`]),
      Readable.from([`${line({ Action: "die" })}\n`]),
    ];
    const source = {
      identify: () => Promise.resolve(engine),
      open: (signal: AbortSignal) => Promise.resolve(streams.shift() ?? silent(signal)),
      ping: () => Promise.resolve(),
    };

    const heard = await take(watchEvents(source, end.signal), 7, end);

    expect(heard.map((signal) => (signal.kind === "container" ? signal.action : signal.kind))).toEqual([
      "up",
      "start",
      "down",
      "up",
      "die",
      "down",
      "up",
    ]);
  });

  it("says once that the engine is away, however often it tries", async () => {
    const end = new AbortController();
    let tries = 0;
    const source = {
      identify: () => {
        tries += 1;
        return tries <= 3
          ? Promise.reject(new GangwayError("engine_unreachable", "no engine"))
          : Promise.resolve(engine);
      },
      open: (signal: AbortSignal) => Promise.resolve(silent(signal)),
      ping: () => Promise.resolve(),
    };

    const heard = await take(watchEvents(source, end.signal), 2, end);

    expect(heard).toEqual([
      { kind: "down", reason: "no engine" },
      { kind: "up", engine },
    ]);
    expect(tries).toBe(4);
  });

  it("survives a line that never ends", async () => {
    const end = new AbortController();
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024 * 1024, "x");
      })(),
    );
    const streams = [endless];
    const source = {
      identify: () => Promise.resolve(engine),
      open: (signal: AbortSignal) => Promise.resolve(streams.shift() ?? silent(signal)),
      ping: () => Promise.resolve(),
    };

    const heard = await take(watchEvents(source, end.signal), 3, end);

    expect(heard[1]).toMatchObject({ kind: "down", reason: expect.stringContaining("4 MiB") });
  });
});
