import { describe, expect, it } from "vitest";
import { nearest } from "./nearest.ts";

describe("nearest", () => {
  const known = ["health_timeout", "stable_for", "url"];

  it("finds what was meant despite slips and other spellings", () => {
    expect(nearest("health_timout", known)).toBe("health_timeout");
    expect(nearest("healthTimeout", known)).toBe("health_timeout");
    expect(nearest("stable-for", known)).toBe("stable_for");
    expect(nearest("uri", known)).toBe("url");
  });

  it("says nothing rather than something far-fetched", () => {
    expect(nearest("cooldown", known)).toBeUndefined();
    expect(nearest("foo", known)).toBeUndefined();
    expect(nearest("", known)).toBeUndefined();
  });
});
