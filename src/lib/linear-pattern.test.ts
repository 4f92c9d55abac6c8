import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LinearPattern, linearPatternFrom, longestPattern } from "./linear-pattern.ts";

function pattern(text: string): Extract<LinearPattern, { readonly kind: "pattern" }> {
  const found = linearPatternFrom(text);
  if (found.kind === "refused") throw new Error(`${text} is refused: ${found.reason}`);
  return found;
}

describe("linearPatternFrom", () => {
  it.each([
    ["^[0-9]+\\.[0-9]+\\.[0-9]+$", "1.27.3", true],
    ["^[0-9]+\\.[0-9]+\\.[0-9]+$", "1.27.3-alpine", false],
    ["^v?\\d+\\.\\d+\\.\\d+-ls\\d+$", "v4.0.3-ls215", true],
    ["alpine", "1.27.3-alpine", true],
    ["^(?:1\\.2[0-9]|2\\..*)$", "2.0", true],
    ["(?i)^RELEASE\\.", "release.2024", true],
    ["^\\d{8}$", "20240101", true],
  ])("understands %s: of %s it says %s", (text, tag, expected) => {
    expect(pattern(text).matches(tag)).toBe(expected);
  });

  it.each([
    ["^(?!.*rc)", "lookaheads and lookbehinds are not supported"],
    ["(?<=v)1", "lookaheads and lookbehinds are not supported"],
    ["(a)\\1", "back references are not supported"],
    ["(?>a)", "atomic groups and possessive quantifiers are not supported"],
    ["[0-9", "missing closing ] ([0-9)"],
    ["(1", "missing closing ) ((1)"],
    ["*", "missing argument to repetition operator (*)"],
    ["1\\", "trailing backslash at end of expression"],
    ["a{1001}", "invalid repeat count ({1001})"],
    ["(?:a{300}){3}b{1000}c{500}", "it counts too far"],
    ["a".repeat(longestPattern + 1), "it has more than 1024 characters"],
  ])("refuses %s: %s", (text, reason) => {
    expect(linearPatternFrom(text)).toEqual({ kind: "refused", reason });
  });

  it("takes any pattern of the greatest length", () => {
    expect(pattern("a".repeat(longestPattern)).matches("a")).toBe(false);
  });

  it.each(["^(a+)+$", "^(a|a)*$", "^(?:a?){500}a{500}$", "(?:.*a){100}x", "^(?:a*)*b$", "(?:.{0,30}a.{0,30}b){15}"])(
    "takes no longer for %s than for any other pattern",
    (text) => {
      const { matches } = pattern(text);
      const tags = Array.from({ length: 50 }, (_, index) => `${"a".repeat(120)}${index}!`);
      const start = process.cpuUsage();
      for (const tag of tags) matches(tag);

      expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
    },
  );

  it("loads its engine at the first pattern only", () => {
    const source = join(import.meta.dirname, "linear-pattern.ts");
    const script = `
      const { createRequire } = await import("node:module");
      const { linearPatternFrom } = await import(${JSON.stringify(source)});
      const count = () => Object.keys(createRequire(${JSON.stringify(source)}).cache).filter((file) => file.includes("re2js")).length;
      const before = count();
      linearPatternFrom("a");
      console.log(before, count());`;

    expect(execFileSync("node", ["--input-type=module", "--eval", script], { encoding: "utf8" }).trim()).toBe("0 1");
  });
});
