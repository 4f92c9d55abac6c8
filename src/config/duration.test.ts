import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationFrom, durationText } from "./duration.ts";

describe("durationFrom", () => {
  it.each([
    ["500ms", 500],
    ["180s", 180_000],
    ["15m", 900_000],
    ["6h", 21_600_000],
    ["1d", 86_400_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["90", 90_000],
    [90, 90_000],
    [0.25, 250],
    ["0", 0],
    [" 5s ", 5_000],
  ])("reads %j as %d ms", (text, ms) => {
    expect(durationFrom(text)).toEqual({ ms });
  });

  it.each(["", "s", "5 s", "-5s", "5w", "1h-", "5s5", "1.2.3", -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses %j",
    (text) => {
      expect(durationFrom(text)).toBeUndefined();
    },
  );
});

describe("durationText", () => {
  it("writes what durationFrom reads back", () => {
    fc.assert(
      fc.property(fc.nat(), (ms) => {
        expect(durationFrom(durationText({ ms }))).toEqual({ ms });
      }),
    );
  });

  it("uses the largest unit that fits", () => {
    expect([0, 1, 1_000, 90_000, 3_600_000, 86_400_000].map((ms) => durationText({ ms }))).toEqual([
      "0s",
      "1ms",
      "1s",
      "90s",
      "1h",
      "1d",
    ]);
  });
});
