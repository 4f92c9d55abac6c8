import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Command, OperationResult } from "../core/operation.ts";
import { scheduleBackups } from "./backup-schedule.ts";
import { createInventory } from "./store.ts";

const hour = 3_600_000;
const engine = {
  hostName: "nas",
  version: "26.1.5",
  apiVersion: "1.45",
  containerdStore: false,
  insecureRegistries: [],
};
let end: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  end = new AbortController();
});
afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

it("backs everything up at its times, and what was missed while the engine was away once, when it is back", async () => {
  const inventory = createInventory();
  const heard: Command[] = [];
  const done = Promise.resolve({ state: "done" } as OperationResult);
  const submit = (command: Command) => {
    heard.push(command);
    return { id: "id", done };
  };
  inventory.setEngine(engine);
  const clock = { now: () => Date.now() };
  void scheduleBackups({ inventory, operations: { submit }, clock }, { kind: "interval", ms: hour }, end.signal);

  await vi.advanceTimersByTimeAsync(hour - 1);
  expect(heard).toEqual([]);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(heard).toEqual([{ kind: "backup_all" }]);

  inventory.setEngine(undefined);
  await vi.advanceTimersByTimeAsync(5 * hour);
  expect(heard).toHaveLength(1);
  inventory.setEngine(engine);
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toHaveLength(2);
});
