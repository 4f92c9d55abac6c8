import { describe, expect, it } from "vitest";
import { createLog, createSecrets } from "../lib/log.ts";
import { createRegistryLimits } from "./known-limits.ts";
import { createCoolDowns, createTurns } from "./limits.ts";

function coolDowns() {
  let time = 1_000_000;
  const lines: string[] = [];
  const log = createLog({ level: "trace", output: { write: (line) => lines.push(line) }, secrets: createSecrets() });
  const limits = createRegistryLimits();
  const open = () => createCoolDowns({ limits, log, clock: { now: () => time }, random: () => 0 });
  return {
    ...open(),
    lines,
    limits,
    /** What another run with the same memory would have. */
    open,
    advance: (ms: number) => {
      time += ms;
    },
  };
}

describe("createCoolDowns", () => {
  it("waits as long as the registry wished, but between a second and an hour", () => {
    const { begin, remainingMs, advance } = coolDowns();

    expect(begin("a", 90_000)).toBe(90_000);
    advance(60_000);
    expect(remainingMs("a")).toBe(30_000);
    expect(remainingMs("b")).toBe(0);
    advance(30_000);
    expect(remainingMs("a")).toBe(0);

    expect(begin("b", 0)).toBe(1_000);
    expect(begin("c", 86_400_000)).toBe(3_600_000);
  });

  it("doubles the wait of a registry that refuses again after one, until it has answered", () => {
    const { begin, remainingMs, forget, advance } = coolDowns();

    expect(begin("a", undefined)).toBe(60_000);
    advance(60_000);
    expect(begin("a", undefined)).toBe(120_000);
    advance(120_000);
    forget("a");
    expect(begin("a", undefined)).toBe(60_000);
    expect(remainingMs("a")).toBe(60_000);
  });

  it("takes the refusals of requests that were under way together for one", () => {
    const { begin, remainingMs, advance } = coolDowns();

    for (let refusal = 0; refusal < 4; refusal += 1) begin("a", undefined);
    expect(remainingMs("a")).toBe(60_000);
    advance(60_000);
    expect(begin("a", undefined)).toBe(120_000);
  });

  it("is not made shorter by a later refusal, nor ended by an answer that was under way", () => {
    const { begin, remainingMs, forget } = coolDowns();

    begin("a", 300_000);
    expect(begin("a", 5_000)).toBe(300_000);
    forget("a");
    expect(remainingMs("a")).toBe(300_000);
  });

  it("does not get longer when the clock is set back", () => {
    const { begin, remainingMs, advance } = coolDowns();

    begin("a", 60_000);
    advance(-500_000);
    expect(remainingMs("a")).toBe(0);
  });
});

describe("a cool-down", () => {
  it("survives a restart, and so does how often there was one", () => {
    const { begin, advance, open } = coolDowns();
    begin("a", undefined);
    advance(20_000);

    const again = open();
    expect(again.remainingMs("a")).toBe(40_000);
    advance(40_000);
    expect(again.begin("a", undefined)).toBe(120_000);
  });

  it("is told once in the log, however many questions it concerns", () => {
    const { begin, advance, lines } = coolDowns();
    for (let refusal = 0; refusal < 5; refusal += 1) begin("a", 90_000);
    expect(lines).toHaveLength(1);
    const until = new Date(1_090_000).toISOString();
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: 40, registry: "a", until });

    advance(90_000);
    begin("a", 90_000);
    expect(lines).toHaveLength(2);
  });

  it("that gets longer is the same one still", () => {
    const { begin, advance, limits } = coolDowns();
    begin("a", 60_000);
    advance(20_000);
    begin("a", 300_000);

    expect(limits.get("a")?.coolDown).toEqual({ since: 1_000_000, until: 1_320_000, attempt: 0 });
  });
});

describe("a quota", () => {
  const answer = (remaining: number) => ({
    header: (name: string) =>
      name === "ratelimit-limit" ? "100;w=21600" : name === "ratelimit-remaining" ? `${remaining};w=21600` : "",
  });

  it("is noted with when it was told, but not the same one each time", () => {
    const { note, limits, advance } = coolDowns();
    note("a", { header: () => "" });
    expect(limits.get("a")).toBeUndefined();

    note("a", answer(20));
    const first = { toldAt: 1_000_000, quota: { limit: 100, remaining: 20, windowSeconds: 21_600 } };
    expect(limits.get("a")).toEqual(first);
    advance(59_999);
    note("a", answer(20));
    expect(limits.get("a")).toEqual(first);
    advance(1);
    note("a", answer(20));
    expect(limits.get("a")?.toldAt).toBe(1_060_000);
    note("a", answer(19));
    expect(limits.get("a")?.quota?.remaining).toBe(19);
  });

  it("and a cool-down do not replace each other", () => {
    const { begin, note, forget, limits, advance } = coolDowns();
    note("a", answer(20));
    begin("a", 5_000);
    note("a", answer(0));
    expect(limits.get("a")).toMatchObject({ coolDown: { attempt: 0 }, quota: { remaining: 0 } });
    advance(5_000);
    forget("a");
    expect(limits.get("a")).toEqual({ toldAt: 1_000_000, quota: { limit: 100, remaining: 0, windowSeconds: 21_600 } });
  });
});

describe("createTurns", () => {
  const unpaced = () => Promise.resolve();
  const never = new AbortController().signal;

  it("keeps to both limits, and lets other registries pass one that is busy", async () => {
    const inTurn = createTurns(3, 2, unpaced);
    const started: string[] = [];
    const gates = new Map<string, PromiseWithResolvers<void>>();
    const task = (name: string) => () => {
      started.push(name);
      const gate = Promise.withResolvers<void>();
      gates.set(name, gate);
      return gate.promise;
    };
    const run = (registry: string, name: string) => inTurn(registry, task(name), never);
    const all = [run("a", "a1"), run("a", "a2"), run("a", "a3"), run("b", "b1"), run("b", "b2")];
    const untilStarted = async (count: number) => {
      while (started.length < count) await new Promise(setImmediate);
      await new Promise(setImmediate);
    };

    await untilStarted(3);
    expect(started).toEqual(["a1", "a2", "b1"]);
    gates.get("a1")?.resolve();
    await untilStarted(4);
    expect(started).toHaveLength(4);
    gates.get("a2")?.resolve();
    await untilStarted(5);
    for (const gate of gates.values()) gate.resolve();
    await Promise.all(all);
  });

  it("does not run what was aborted while it waited", async () => {
    const inTurn = createTurns(1, 1, unpaced);
    const gate = Promise.withResolvers<void>();
    const first = inTurn("a", () => gate.promise, never);
    const stop = new AbortController();
    let ran = false;
    const second = inTurn(
      "a",
      () => {
        ran = true;
        return Promise.resolve();
      },
      stop.signal,
    );
    stop.abort(new Error("stop"));

    await expect(second).rejects.toThrow("stop");
    gate.resolve();
    await first;
    expect(ran).toBe(false);
  });

  it("lets nobody wait for another registry's pace", async () => {
    const slow = Promise.withResolvers<void>();
    const inTurn = createTurns(1, 4, (registry) => (registry === "slow" ? slow.promise : Promise.resolve()));
    const ran: string[] = [];
    const task = (name: string) => () => {
      ran.push(name);
      return Promise.resolve();
    };
    const held = inTurn("slow", task("slow"), never);
    await inTurn("quick", task("quick"), never);
    expect(ran).toEqual(["quick"]);
    slow.resolve();
    await held;
    expect(ran).toEqual(["quick", "slow"]);
  });
});
