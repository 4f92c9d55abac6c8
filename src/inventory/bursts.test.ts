import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBursts } from "./bursts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("bursts", () => {
  it("calls once for a burst, when it is over", () => {
    const over = vi.fn();
    const { touch } = createBursts({ quietMs: 100, longestMs: 1_000 }, over, new AbortController().signal);

    for (let event = 0; event < 5; event++) {
      touch("web");
      vi.advanceTimersByTime(99);
    }
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);

    expect(over.mock.calls).toEqual([["web"]]);
  });

  it("does not wait for ever: a container that restarts all the time is looked at too", () => {
    const over = vi.fn();
    const { touch } = createBursts({ quietMs: 100, longestMs: 1_000 }, over, new AbortController().signal);

    for (let time = 0; time < 5_000; time += 50) {
      touch("web");
      vi.advanceTimersByTime(50);
    }

    expect(over.mock.calls.length).toBeGreaterThanOrEqual(4);
  });

  it("keeps keys apart, and is silent after the end", () => {
    const over = vi.fn();
    const end = new AbortController();
    const { touch } = createBursts({ quietMs: 100, longestMs: 1_000 }, over, end.signal);

    touch("web");
    touch("db");
    vi.advanceTimersByTime(100);
    touch("web");
    end.abort();
    touch("web");
    vi.advanceTimersByTime(1_000);

    expect(over.mock.calls).toEqual([["web"], ["db"]]);
  });
});
