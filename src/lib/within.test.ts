import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { within } from "./within.ts";

const never = new Promise<never>(() => {});
const late = (): Error => new Error("late");

it("settles as what it waits for", async () => {
  await expect(within(Promise.resolve(1), { ms: 10_000, late })).resolves.toBe(1);
  await expect(within(Promise.reject(new Error("no")), { ms: 10_000, late })).rejects.toThrow("no");
});

it("ends the wait in time", async () => {
  await expect(within(never, { ms: 1, late })).rejects.toThrow("late");
});

it("ends the wait with the signal, before it and during it", async () => {
  const ending = new AbortController();
  const waiting = within(never, { ms: 10_000, late }, ending.signal);
  ending.abort(new Error("end"));

  await expect(waiting).rejects.toThrow("end");
  await expect(within(never, { ms: 10_000, late }, ending.signal)).rejects.toThrow("end");
});

it("leaves no listener behind", async () => {
  const { signal } = new AbortController();
  await within(Promise.resolve(), { ms: 10_000, late }, signal);
  await Promise.resolve();

  expect(getEventListeners(signal, "abort")).toEqual([]);
});
