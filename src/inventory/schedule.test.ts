import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Container } from "../core/container.ts";
import type { OperationResult } from "../core/operation.ts";
import type { EngineIdentity } from "../core/ports.ts";
import { scheduleChecks } from "./schedule.ts";
import { createInventory } from "./store.ts";

const engine: EngineIdentity = {
  hostName: "nas",
  version: "26.1.5",
  apiVersion: "1.45",
  containerdStore: false,
  insecureRegistries: [],
};
const hour = 3_600_000;
let end: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  end = new AbortController();
});
afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

/** Checks every hour on an engine that is there; how each check ends is up to `outcome`. */
async function scheduled(outcome: () => OperationResult["state"] = () => "done") {
  const inventory = createInventory();
  const sources: string[] = [];
  inventory.setEngine(engine);
  void scheduleChecks(
    {
      inventory,
      operations: {
        submit: (_, source) => {
          sources.push(source);
          return { id: "id", done: Promise.resolve({ state: outcome() } as OperationResult) };
        },
      },
      clock: { now: () => Date.now() },
    },
    { schedule: { kind: "interval", ms: hour }, onStart: false },
    end.signal,
  );
  await vi.advanceTimersByTimeAsync(0);
  return { inventory, sources };
}

describe("a scheduled check", () => {
  it("that was missed while the engine was away is made up for when it is back, once", async () => {
    const { inventory, sources } = await scheduled();
    inventory.setEngine(undefined);
    await vi.advanceTimersByTimeAsync(5 * hour);
    expect(sources).toEqual([]);

    inventory.setEngine(engine);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sources).toEqual(["schedule"]);
  });

  it("is repeated where it failed because the engine went away in the middle", async () => {
    const { inventory, sources } = await scheduled(() => {
      if (sources.length > 1) return "done";
      inventory.setEngine(undefined);
      return "failed";
    });
    await vi.advanceTimersByTimeAsync(1.5 * hour);
    expect(sources).toEqual(["schedule"]);

    inventory.setEngine(engine);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sources).toEqual(["schedule", "schedule"]);
  });
});

describe("a container that is new, or has another image", () => {
  const container = { name: "web", image: "app:1", imageId: "sha256:1" } as Container;

  it("is asked about soon", async () => {
    const { inventory, sources } = await scheduled();
    inventory.putContainer(container);
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sources).toEqual(["newcomer"]);
  });

  it("is not asked about while an operation is at work on it, but afterwards", async () => {
    const { inventory, sources } = await scheduled();
    inventory.putContainer(container);
    inventory.setProgress("web", { operation: "op", command: "update", phase: "verifying" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sources).toEqual([]);

    inventory.clearProgress("web", "op");
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sources).toEqual(["newcomer"]);
  });
});
