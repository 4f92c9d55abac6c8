import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContainerEvent, ContainerSummary } from "../core/engine-answers.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { Engine, EngineIdentity, EngineSignal } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { createInventory } from "./store.ts";
import { type ContainerWatch, watchContainers } from "./watch.ts";

const identity: EngineIdentity = {
  hostName: "nas",
  version: "26.1.5",
  apiVersion: "1.45",
  containerdStore: false,
  insecureRegistries: [],
};

const inspectOf = (id: string, name: string, more: Partial<ContainerInspect> = {}): ContainerInspect =>
  ({
    Id: id,
    Name: `/${name}`,
    Image: "sha256:1",
    RestartCount: 0,
    State: { Status: "running", Running: true, ExitCode: 0, StartedAt: "", FinishedAt: "" },
    Config: { Image: "nginx:1" },
    ...more,
  }) as ContainerInspect;

const unreachable = (): Promise<never> => Promise.reject(new GangwayError("engine_unreachable", "no engine"));
const notFound = (): Promise<never> => Promise.reject(new GangwayError("engine_not_found", "no such container"));
const invalid = (): Promise<never> => Promise.reject(new GangwayError("engine_answer_invalid", "not its own"));

/** An engine whose every answer and event the test gives: what happens in which order is the matter of these tests. */
function scripted() {
  const containers = new Map<string, ContainerInspect>();
  const signals: EngineSignal[] = [];
  let wake = (): void => {};
  const end = new AbortController();
  const inventory = createInventory();
  const lines: string[] = [];
  const line = (_: object, text: string): void => void lines.push(text);
  const engine = {
    watch: async function* () {
      for (;;) {
        const next = signals.shift();
        if (next !== undefined) yield next;
        else if (end.signal.aborted) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    list: (): Promise<readonly ContainerSummary[]> =>
      Promise.resolve(
        [...containers.values()].map(({ Id: id, Name, State: { Status: state }, Image: imageId }) => {
          return { id, name: Name.slice(1), state, imageId };
        }),
      ),
    inspect: (id: string): Promise<ContainerInspect> => {
      const found = containers.get(id);
      return found === undefined ? notFound() : Promise.resolve(found);
    },
    inspectImage: vi.fn(() =>
      Promise.resolve({ RepoDigests: ["nginx@sha256:1"], Os: "linux", Architecture: "amd64", Config: {} }),
    ),
  };
  const log = { trace: line, debug: line, info: line, warn: line, error: line } as never;
  const watch: ContainerWatch = watchContainers(
    { engine: engine as unknown as Engine, inventory, isWatched: () => true, log },
    end.signal,
  );
  const say = async (...heard: readonly EngineSignal[]): Promise<void> => {
    signals.push(...heard);
    wake();
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    engine,
    inventory,
    watch,
    say,
    lines,
    names: () => inventory.all().map(({ container }) => container.name),
    has: (id: string, name: string, more?: Partial<ContainerInspect>) => containers.set(id, inspectOf(id, name, more)),
    lacks: (id: string) => containers.delete(id),
    isOnline: () => inventory.node().engine !== undefined,
    stop: async () => {
      end.abort();
      wake();
      await watch.ended;
    },
  };
}

const event = (action: string, id: string, name: string): ContainerEvent => ({
  kind: "container",
  action,
  id,
  name,
  time: 0,
});
const up: EngineSignal = { kind: "up", engine: identity };
const down: EngineSignal = { kind: "down", reason: "gone" };

let engine: ReturnType<typeof scripted>;
beforeEach(() => {
  vi.useFakeTimers();
  engine = scripted();
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

describe("an inspect answer that arrives late", () => {
  it("does not bring a container back that went meanwhile", async () => {
    await engine.say(up);
    engine.engine.inspect = async (id) => {
      await engine.say(event("destroy", id, "web"));
      return inspectOf(id, "web");
    };
    await engine.say(event("create", "1", "web"));
    await vi.advanceTimersByTimeAsync(5_000);

    expect(engine.names()).toEqual([]);
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

describe("look", () => {
  const check = {
    status: "up_to_date",
    reason: "",
    checkedAt: "",
    imageId: "sha256:2",
    reference: "nginx:1",
  } as const;
  const judged = (): typeof check => check;

  it("shows a container and what is known of its image in one step", async () => {
    engine.has("1", "web");
    await engine.say(up);
    const seen: unknown[] = [];
    engine.inventory.subscribe(
      (change) => void (change.kind === "changed" && seen.push([change.after.container.id, change.after.check])),
    );
    engine.lacks("1");
    engine.has("2", "web", { Image: "sha256:2" });

    await engine.watch.look("2", judged, new AbortController().signal);

    expect(seen).toEqual([["2", check]]);
  });

  it("looks again where something happened meanwhile", async () => {
    engine.has("1", "web");
    await engine.say(up);
    const { inspect } = engine.engine;
    let asked = 0;
    engine.engine.inspect = async (id) => {
      asked += 1;
      const answer = await inspect(id);
      if (asked === 1) {
        engine.has("1", "web", { RestartCount: 7 });
        await engine.say(event("restart", "1", "web"));
      }
      return answer;
    };

    await engine.watch.look("1", judged, new AbortController().signal);

    expect(engine.inventory.get("web")?.container.restartCount).toBe(7);
  });

  it("rejects for a container that is not there", async () => {
    await engine.say(up);

    await expect(engine.watch.look("9", judged, new AbortController().signal)).rejects.toMatchObject({
      code: "engine_not_found",
    });
  });
});
