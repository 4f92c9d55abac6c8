import { describe, expect, it } from "vitest";
import type { ContainerInspect } from "./inspect.ts";
import type { JournalEntry, SwapStep } from "./journal.ts";
import { leftoverFor } from "./leftovers.ts";

function inspect(name: string, running: boolean): ContainerInspect {
  return { Id: name, Name: `/${name}`, State: { Running: running } } as unknown as ContainerInspect;
}

function entry(step: SwapStep, wasRunning = true): JournalEntry {
  return { container: "web", operation: "0a1b2c3d", step, wasRunning } as unknown as JournalEntry;
}

const old = inspect("web.gw-old-0a1b2c3d", false);
const waiting = inspect("web.gw-new-0a1b2c3d", false);
const placed = inspect("web", false);
const serving = inspect("web", true);

describe("leftoverFor", () => {
  it.each([
    ["nothing was created yet", "creating", { old: inspect("web", true), candidate: undefined }, "undo"],
    [
      "the new one waits under its temporary name",
      "creating",
      { old: inspect("web", true), candidate: waiting },
      "undo",
    ],
    ["the old one was being stopped", "stopping", { old, candidate: waiting }, "undo"],
    ["the name was between the two", "renaming_new", { old, candidate: waiting }, "undo"],
    ["the new one had the name but not started", "renaming_new", { old, candidate: placed }, "undo"],
    ["the start was noted but not done", "starting", { old, candidate: placed }, "undo"],
    ["the start was done but not noted", "starting", { old, candidate: serving }, "verify"],
    ["the gate was watching", "verifying", { old, candidate: serving }, "verify"],
    ["the gate was watching and the new one fell", "verifying", { old, candidate: placed }, "verify"],
    ["the gate was passed", "committed", { old, candidate: serving }, "finish"],
    ["the gate was passed and the old one removed", "committed", { old: undefined, candidate: serving }, "finish"],
    ["it was being rolled back", "rolling_back", { old, candidate: serving }, "undo"],
    ["it was being rolled back and the new one is gone", "rolling_back", { old, candidate: undefined }, "undo"],
    ["somebody removed the old one", "starting", { old: undefined, candidate: placed }, "forward"],
    [
      "somebody removed the old one while it was rolled back",
      "rolling_back",
      { old: undefined, candidate: placed },
      "forward",
    ],
    ["somebody removed both", "stopping", { old: undefined, candidate: undefined }, "lost"],
  ] as const)("when %s: %4$s", (_, step, observed, kind) => {
    expect(leftoverFor(entry(step), observed).kind).toBe(kind);
  });

  it("goes on with a container that was never meant to run", () => {
    expect(leftoverFor(entry("starting", false), { old, candidate: placed }).kind).toBe("verify");
  });
});
