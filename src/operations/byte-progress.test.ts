import { expect, it } from "vitest";
import { byteProgress } from "./byte-progress.ts";

const mib = 2 ** 20;

it("tells each percent once, and never that all is done", () => {
  const told: unknown[] = [];
  const tell = byteProgress((progress) => told.push(progress), "backing_up", 1_000);
  for (const done of [0, 4, 9, 10, 500, 1_000, 1_200]) tell(done);

  expect(told).toEqual([
    { phase: "backing_up", percent: 0, bytes: { done: 0, total: 1_000 } },
    { phase: "backing_up", percent: 1, bytes: { done: 10, total: 1_000 } },
    { phase: "backing_up", percent: 50, bytes: { done: 500, total: 1_000 } },
    { phase: "backing_up", percent: 99, bytes: { done: 1_000, total: 1_000 } },
  ]);
});

it("tells bytes alone where nobody knows how many there are", () => {
  const told: unknown[] = [];
  const tell = byteProgress((progress) => told.push(progress), "restoring", undefined);
  for (const done of [0, 63 * mib, 64 * mib, 65 * mib]) tell(done);

  expect(told).toEqual([
    { phase: "restoring", bytes: { done: 0 } },
    { phase: "restoring", bytes: { done: 64 * mib } },
  ]);
});
