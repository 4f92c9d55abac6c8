import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSettling } from "./settling.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function settling(signal: AbortSignal = new AbortController().signal) {
  const sent: string[] = [];
  return { sent, ...createSettling((topic, payload) => sent.push(`${topic}=${payload}`), 5_000, signal) };
}

describe("settling", () => {
  it("publishes the first payload of each device at once", () => {
    const { sent, offer } = settling();

    offer("a", "1");
    offer("b", "1");

    expect(sent).toEqual(["a=1", "b=1"]);
  });

  it("holds a different one back for five seconds, and then publishes the newest", () => {
    const { sent, offer } = settling();
    offer("a", "1");

    vi.advanceTimersByTime(1_000);
    offer("a", "2");
    offer("a", "3");
    vi.advanceTimersByTime(3_999);
    expect(sent).toEqual(["a=1"]);
    vi.advanceTimersByTime(1);

    expect(sent).toEqual(["a=1", "a=3"]);
  });

  it("takes a change back that did not last", () => {
    const { sent, offer } = settling();
    offer("a", "1");
    offer("a", "2");
    offer("a", "1");

    vi.advanceTimersByTime(60_000);

    expect(sent.filter((line) => line === "a=2")).toEqual([]);
  });

  it("does not hold back what comes later", () => {
    const { sent, offer } = settling();
    offer("a", "1");
    vi.advanceTimersByTime(5_000);

    offer("a", "2");
    vi.advanceTimersByTime(0);

    expect(sent).toEqual(["a=1", "a=2"]);
  });

  it("publishes nothing after its session", () => {
    const session = new AbortController();
    const { sent, offer } = settling(session.signal);
    offer("a", "1");
    offer("a", "2");

    session.abort();
    vi.advanceTimersByTime(60_000);

    expect(sent).toEqual(["a=1"]);
  });
});
