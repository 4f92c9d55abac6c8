import { expect, it } from "vitest";
import { isWorthALine } from "./repeated.ts";

it("tells of a lasting fault at once, and then ever more seldom", () => {
  const told = Array.from({ length: 100_000 }, (_, attempt) => attempt).filter(isWorthALine);

  expect(told).toEqual([0, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536]);
});
