import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRawNumber, parseExact, stringifyExact } from "./exact-json.ts";

describe("parseExact and stringifyExact", () => {
  it("keep integers beyond 2^53 to the last digit", () => {
    const text =
      '{"Ulimits":[{"Hard":18446744073709551615,"Soft":-9223372036854775808}],"Memory":9007199254740993,"Huge":1e400}';

    expect(stringifyExact(parseExact(text))).toBe(text);
  });

  it.each([
    "9007199254740993",
    "-9007199254740993",
    " 9007199254740993",
    "[9007199254740993]",
    "[1,9007199254740993]",
    "[1, 9007199254740993]",
    '{"a":9007199254740993}',
    '{"a":\n-9007199254740993}',
    "1e309",
    "-1E+309",
    "1.5e0309",
    `1${"0".repeat(309)}`,
    `0.${"0".repeat(20)}1e400`,
    `${"9".repeat(300)}e99`,
  ])("keep the number in %j", (text) => {
    expect(stringifyExact(parseExact(text)).replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
  });

  it("keep any integer, in any depth", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (number) => {
        const text = `{"a":[{"b":${number}}]}`;
        expect(stringifyExact(parseExact(text))).toBe(text);
      }),
    );
  });

  it("read all other JSON as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(parseExact(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
    expect(parseExact("9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseExact('["9007199254740993", 1.5, true, null]')).toEqual(["9007199254740993", 1.5, true, null]);
  });

  it("tell numbers that were kept as text from everything else", () => {
    expect(isRawNumber(parseExact("9007199254740993"))).toBe(true);
    expect(isRawNumber(parseExact("1"))).toBe(false);
    expect(isRawNumber({ rawJSON: "1" })).toBe(false);
  });

  it("refuse text that is not JSON and values that JSON cannot hold", () => {
    expect(() => parseExact('{"a":')).toThrow(SyntaxError);
    expect(() => stringifyExact(undefined)).toThrow(TypeError);
  });

  it("write bigints as integers", () => {
    expect(stringifyExact({ limit: 2n ** 64n - 1n })).toBe('{"limit":18446744073709551615}');
  });
});
