import { describe, expect, it } from "vitest";
import { stateNameFrom } from "./container-state.ts";
import { containerStates } from "./inspect.ts";

describe("stateNameFrom", () => {
  it.each(containerStates)("keeps Docker's own %s", (name) => {
    expect(stateNameFrom(name, false)).toBe(name);
  });

  it.each([
    ["stopped", false, "exited"],
    ["stopping", true, "running"],
    ["configured", false, "created"],
    ["initialized", false, "created"],
    ["Exited", false, "exited"],
    ["hibernating", true, "running"],
    ["hibernating", false, "exited"],
    ["", false, "exited"],
    ["constructor", false, "exited"],
  ] as const)("makes of %j, running: %j, %s", (word, isRunning, expected) => {
    expect(stateNameFrom(word, isRunning)).toBe(expected);
  });
});
