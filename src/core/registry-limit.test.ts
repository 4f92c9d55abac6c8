import { describe, expect, it } from "vitest";
import { type LimitFact, limitsAt, newlyLimited, type RegistryLimit, remainingMs } from "./registry-limit.ts";

const now = 1_800_000_000_000;
const hour = 3_600_000;

describe("remainingMs", () => {
  it.each([
    ["none without one", undefined, 0],
    ["what is left of it", { since: now - 1_000, until: now + 5_000, attempt: 0 }, 5_000],
    ["none at its end", { since: now - 1_000, until: now, attempt: 0 }, 0],
    ["none after it", { since: now - 5_000, until: now - 1_000, attempt: 0 }, 0],
    ["none where the clock was set back behind its beginning", { since: now + 1, until: now + 5_000, attempt: 0 }, 0],
    ["an hour at most", { since: now - 1, until: now + 9 * hour, attempt: 0 }, hour],
  ])("is %s", (_name, coolDown, expected) => {
    expect(remainingMs(coolDown, now)).toBe(expected);
  });
});

describe("limitsAt", () => {
  const quota = { limit: 100, remaining: 20, windowSeconds: 21_600 };
  const coolDown = { since: now - 1_000, until: now + 60_000, attempt: 0 };
  const at = (limits: Readonly<Record<string, RegistryLimit>>, time = now) =>
    limitsAt(new Map(Object.entries(limits)), time);

  it("tells who limits us until when, and what is left, by name, and until when that is so", () => {
    const found = at({
      "quay.io": { toldAt: now - 1_000, coolDown },
      "docker.io": { toldAt: now - 1_000, quota },
      "ghcr.io": { toldAt: now - 1_000 },
    });

    expect(found).toEqual({
      facts: [
        { registry: "docker.io", quota: { ...quota, toldAt: now - 1_000 } },
        { registry: "quay.io", limitedSince: now - 1_000, limitedUntil: now + 60_000 },
      ],
      until: now + 60_000,
    });
  });

  it("forgets a cool-down at its end, and a quota when its window has passed", () => {
    const limits = { "docker.io": { toldAt: now, coolDown, quota } };

    expect(at(limits, now + 60_000)).toMatchObject({
      facts: [{ registry: "docker.io", quota }],
      until: now + 21_600_000,
    });
    expect(at(limits, now + 60_000).facts[0]).not.toHaveProperty("limitedUntil");
    expect(at(limits, now + 21_600_000)).toEqual({ facts: [], until: undefined });
  });

  it("takes a quota without a window for an hour's", () => {
    const limits = { a: { toldAt: now, quota: { limit: 5, remaining: 1 } } };

    expect(at(limits, now + hour - 1).facts).toHaveLength(1);
    expect(at(limits, now + hour).facts).toEqual([]);
  });
});

describe("newlyLimited", () => {
  const limited = (registry: string, limitedSince: number): LimitFact => ({
    registry,
    limitedSince,
    limitedUntil: limitedSince + hour,
  });
  const quota = { limit: 100, remaining: 0, toldAt: now };

  it.each<[string, readonly LimitFact[], readonly LimitFact[], readonly string[]]>([
    ["one that has begun", [], [limited("quay.io", now)], ["quay.io"]],
    ["none that is known", [limited("quay.io", now)], [limited("quay.io", now)], []],
    ["none that got longer", [limited("quay.io", now)], [{ ...limited("quay.io", now), limitedUntil: now + 1 }], []],
    ["none that is over", [limited("quay.io", now)], [], []],
    ["none for a quota that is used up", [], [{ registry: "quay.io", quota }], []],
    ["another one that follows at once", [limited("quay.io", now)], [limited("quay.io", now + 1)], ["quay.io"]],
    ["that of another registry only", [limited("a", now)], [limited("a", now), limited("b", now)], ["b"]],
  ])("finds %s", (_, before, after, expected) => {
    expect(newlyLimited(before, after).map(({ registry }) => registry)).toEqual(expected);
  });
});
