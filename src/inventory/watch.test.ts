import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { down, event, invalid, scriptedEngine, unreachable, up } from "../../test/scripted-engine.ts";
import type { ContainerSummary } from "../core/engine-answers.ts";

let engine: ReturnType<typeof scriptedEngine>;
beforeEach(() => {
  vi.useFakeTimers();
  engine = scriptedEngine();
});
afterEach(async () => {
  await engine.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("reading everything anew", () => {
  it("is done again until it succeeds", async () => {
    engine.has("1", "web");
    const { list } = engine.engine;
    engine.engine.list = unreachable;
    await engine.say(up);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(engine.isOnline()).toBe(false);

    engine.engine.list = list;
    await vi.advanceTimersByTimeAsync(30_000);

    expect(engine.isOnline()).toBe(true);
    expect(engine.names()).toEqual(["web"]);
    expect(engine.lines.filter((line) => line.startsWith("containers could not be read")).length).toBeLessThan(4);
  });

  it("ends with the connection that it belongs to", async () => {
    engine.engine.list = unreachable;
    await engine.say(up);
    await engine.say(down);
    engine.engine.list = () => Promise.resolve([]);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(engine.isOnline()).toBe(false);
  });

  it("loses nothing for the sake of one container that can't be read, which is looked at again", async () => {
    engine.has("1", "web");
    engine.has("2", "odd");
    const { inspect } = engine.engine;
    engine.engine.inspect = (id) => (id === "2" ? invalid() : inspect(id));
    await engine.say(up);
    expect(engine.isOnline()).toBe(true);
    expect(engine.names()).toEqual(["web"]);
    await vi.advanceTimersByTimeAsync(600_000);
    const complaints = engine.lines.filter((line) => line.startsWith("container could not be inspected"));
    expect(complaints.length).toBeLessThan(4);

    engine.engine.inspect = inspect;
    await vi.advanceTimersByTimeAsync(60_000);

    expect(engine.names()).toEqual(["odd", "web"]);
  });

  it("is done again where no container at all can be read", async () => {
    engine.has("1", "web");
    const { inspect } = engine.engine;
    engine.engine.inspect = unreachable;
    await engine.say(up);
    expect(engine.isOnline()).toBe(false);

    engine.engine.inspect = inspect;
    await vi.advanceTimersByTimeAsync(2_000);

    expect(engine.isOnline()).toBe(true);
  });
});

/** A list that was made before `meanwhile` happened, and arrives after it. */
async function withLateList(meanwhile: () => Promise<void>): Promise<void> {
  const { list } = engine.engine;
  const late = Promise.withResolvers<readonly ContainerSummary[]>();
  const before = await list();
  engine.engine.list = () => late.promise;
  await engine.say(up);
  await meanwhile();
  late.resolve(before);
  engine.engine.list = list;
  await vi.advanceTimersByTimeAsync(5_000);
}

describe("a list that arrives late", () => {
  it("does not lose a container that came meanwhile", async () => {
    engine.has("1", "web");
    const gone: string[] = [];
    engine.inventory.subscribe((change) => void (change.kind === "removed" && gone.push(change.name)));
    await withLateList(async () => {
      engine.has("2", "new");
      await engine.say(event("create", "2", "new"));
      await vi.advanceTimersByTimeAsync(1_000);
      expect(engine.names()).toEqual(["new"]);
    });

    expect(engine.names()).toEqual(["new", "web"]);
    expect(gone).toEqual([]);
  });
});

describe("an entry that an operation is at work on", () => {
  it("survives a moment in which no container has its name", async () => {
    engine.has("1", "web");
    await engine.say(up);
    engine.inventory.setProgress("web", { operation: "op", command: "update", phase: "switching" });
    engine.has("1", "web.gw-old-1a2b3c4d");
    await engine.say(down, up);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(engine.inventory.get("web")?.progress).toMatchObject({ operation: "op" });

    engine.inventory.clearProgress("web", "op");
    await vi.advanceTimersByTimeAsync(3_000);

    expect(engine.names()).toEqual([]);
  });

  it("goes on as the same where another container has its name after a reconnection", async () => {
    engine.has("1", "web");
    await engine.say(up);
    const kinds: string[] = [];
    engine.inventory.subscribe(({ kind }) => void kinds.push(kind));
    engine.lacks("1");
    engine.has("2", "web");
    await engine.say(up);

    expect(kinds).toEqual(["changed"]);
  });
});

describe("looking at the list now and then", () => {
  it("drops what the list lacks, and finds what was missed", async () => {
    engine.has("1", "web");
    engine.has("2", "db");
    await engine.say(up);
    engine.lacks("1");
    engine.has("3", "new");
    await vi.advanceTimersByTimeAsync(605_000);

    expect(engine.names()).toEqual(["db", "new"]);
  });

  it("forgets the images that nothing runs any more", async () => {
    engine.has("1", "web");
    await engine.say(up);
    engine.lacks("1");
    await engine.say(event("destroy", "1", "web"));
    await vi.advanceTimersByTimeAsync(605_000);
    engine.has("2", "web");
    await engine.say(event("create", "2", "web"));
    await vi.advanceTimersByTimeAsync(1_000);

    expect(engine.engine.inspectImage).toHaveBeenCalledTimes(2);
  });
});
