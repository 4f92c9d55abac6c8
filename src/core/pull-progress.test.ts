import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PullLine, pullStart, pullStateAfter } from "./pull-progress.ts";

const line = (layer: string | undefined, status: string, current?: number, total?: number): PullLine => ({
  layer,
  status,
  current,
  total,
});

function percents(lines: readonly PullLine[]): readonly number[] {
  let state = pullStart;
  return lines.map((next) => {
    state = pullStateAfter(state, next);
    return state.percent;
  });
}

describe("pullStateAfter", () => {
  it("weighs layers by their bytes", () => {
    expect(
      percents([
        line("a", "Downloading", 0, 900),
        line("b", "Downloading", 0, 100),
        line("a", "Pull complete"),
        line("b", "Downloading", 50, 100),
        line("b", "Pull complete"),
      ]),
    ).toEqual([0, 0, 90, 93, 99]);
  });

  it("counts layers that are there already as done", () => {
    expect(percents([line("a", "Already exists"), line("b", "Pulling fs layer")])).toEqual([99, 99]);
  });

  it("ignores lines that are about no layer, and extraction that is told in seconds", () => {
    expect(percents([line("latest", "Pulling from library/nginx"), line("a", "Extracting", 3, undefined)])).toEqual([
      0, 0,
    ]);
  });

  it("never falls and stays within 0 and 99, whatever the engine says", () => {
    const anyLine = fc.record({
      layer: fc.constantFrom("a", "b", "c", undefined),
      status: fc.constantFrom("Pulling fs layer", "Downloading", "Extracting", "Pull complete", "Waiting", "?"),
      current: fc.option(fc.integer({ min: -5, max: 2_000 }), { nil: undefined }),
      total: fc.option(fc.integer({ min: -5, max: 1_000 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(anyLine), (lines) => {
        const seen = percents(lines);
        for (const [index, percent] of seen.entries()) {
          expect(percent).toBeGreaterThanOrEqual(seen[index - 1] ?? 0);
          expect(percent).toBeLessThanOrEqual(99);
        }
      }),
    );
  });
});
