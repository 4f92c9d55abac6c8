import { describe, expect, it } from "vitest";
import { shuffled } from "./shuffle.ts";

describe("shuffled", () => {
  it("keeps all members, in the order of the numbers", () => {
    const numbers = [0.5, 0.1, 0.9, 0.1];

    expect(shuffled(["a", "b", "c", "d"], () => numbers.shift() ?? 0)).toEqual(["b", "d", "a", "c"]);
    expect(shuffled([])).toEqual([]);
  });

  it("does not give the same order each time", () => {
    const members = Array.from({ length: 20 }, (_, index) => index);
    const orders = new Set(Array.from({ length: 5 }, () => shuffled(members).join()));

    expect(orders.size).toBeGreaterThan(1);
  });
});
