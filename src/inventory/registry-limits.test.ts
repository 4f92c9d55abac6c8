import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RegistryLimit } from "../core/registry-limit.ts";
import { showRegistryLimits } from "./registry-limits.ts";
import { createInventory } from "./store.ts";

const now = 1_800_000_000_000;

beforeEach(() => void vi.useFakeTimers({ now }));
afterEach(() => void vi.useRealTimers());

function opened() {
  const limits = new Map<string, RegistryLimit>();
  const listeners = new Set<() => void>();
  const inventory = createInventory();
  const stop = new AbortController();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  };
  showRegistryLimits({ inventory, limits: { all: () => limits, subscribe }, clock: Date }, stop.signal);
  return {
    shown: () => inventory.node().registryLimits,
    put: (registry: string, limit: RegistryLimit) => {
      limits.set(registry, limit);
      for (const listener of listeners) listener();
    },
    stop: () => stop.abort(),
    listeners,
  };
}

describe("showRegistryLimits", () => {
  it("shows a cool-down while it lasts, and nothing at its end", () => {
    const { shown, put } = opened();
    expect(shown()).toEqual([]);

    put("docker.io", { toldAt: now, coolDown: { since: now, until: now + 90_000, attempt: 0 } });
    expect(shown()).toEqual([{ registry: "docker.io", limitedSince: now, limitedUntil: now + 90_000 }]);
    vi.advanceTimersByTime(89_999);
    expect(shown()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(shown()).toEqual([]);
  });

  it("ends with its signal", () => {
    const { put, stop, listeners } = opened();
    put("docker.io", { toldAt: now, coolDown: { since: now, until: now + 90_000, attempt: 0 } });
    stop();

    expect(listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
