import { describe, expect, it } from "vitest";
import { isApiAtLeast } from "./api-version.ts";

describe("API versions", () => {
  it.each([
    ["1.44", "1.44", true],
    ["1.45", "1.44", true],
    ["1.43", "1.44", false],
    ["1.9", "1.10", false],
    ["1.100", "1.44", true],
    ["2.0", "1.44", true],
    ["1.50", "2.1", false],
  ])("%s is at least %s: %s", (version, least, expected) => {
    expect(isApiAtLeast(version, least)).toBe(expected);
  });
});
