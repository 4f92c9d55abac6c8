import { describe, expect, it } from "vitest";
import { createAttempts } from "./attempts.ts";

describe("attempts to log in", () => {
  it.each([
    ["one address", () => "192.0.2.1", "192.0.2.2"],
    ["the IPv6 addresses of one network", (index: number) => `2001:db8::${index + 1}`, "2001:db8:0:1::1"],
  ])("are four at a time for %s, and no fewer for others", (_, addressOf, other) => {
    const { begin } = createAttempts();
    const running = [0, 1, 2, 3].map((index) => begin(addressOf(index)));

    expect(running).not.toContain(undefined);
    expect(begin(addressOf(4))).toBeUndefined();
    expect(begin(other)).toBeDefined();
    running[0]?.[Symbol.dispose]();
    expect(begin(addressOf(4))).toBeDefined();
  });
});
