import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { event, inspectOf, scriptedEngine, up } from "../../test/scripted-engine.ts";

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
