import { describe, expect, it } from "vitest";
import type { ContainerInspect } from "./inspect.ts";
import type { JournalEntry, SwapMember, SwapStep } from "./journal.ts";
import { leftoverFor, type Observed } from "./leftovers.ts";

function inspect(name: string, running: boolean): ContainerInspect {
  return { Id: name, Name: `/${name}`, State: { Running: running } } as unknown as ContainerInspect;
}

function entry(step: SwapStep): JournalEntry {
  return { container: "web", operation: "0a1b2c3d", step } as unknown as JournalEntry;
}

type Pair = Omit<Observed, "member">;

function observed(container: string, pair: Pair, wasRunning = true): Observed {
  return { member: { container, wasRunning, newId: "new" } as unknown as SwapMember, ...pair };
}

const old = inspect("web.gw-old-0a1b2c3d", false);
const waiting = inspect("web.gw-new-0a1b2c3d", false);
const placed = inspect("web", false);
const serving = inspect("web", true);

describe("leftoverFor", () => {
  it.each<readonly [string, SwapStep, Pair, string]>([
    ["nothing was created yet", "creating", { old: inspect("web", true), candidate: undefined }, "undo"],
    ["the new one waits", "creating", { old: inspect("web", true), candidate: waiting }, "undo"],
    ["the policy was being changed", "restraining", { old: inspect("web", true), candidate: waiting }, "undo"],
    ["the old one was being stopped", "switching", { old, candidate: waiting }, "undo"],
    ["the new one had the name but had not started", "switching", { old, candidate: placed }, "undo"],
    ["the start was done but not noted", "switching", { old, candidate: serving }, "verify"],
    ["the gate was watching", "verifying", { old, candidate: serving }, "verify"],
    ["the gate was watching and the new one fell", "verifying", { old, candidate: placed }, "verify"],
    ["the gate was passed", "committed", { old, candidate: serving }, "finish"],
    ["the old one was removed already", "committed", { old: undefined, candidate: serving }, "finish"],
    ["somebody removed the new one after the gate", "committed", { old, candidate: undefined }, "undo"],
    [
      "somebody took the old one up again after the gate",
      "committed",
      { old: inspect("web", true), candidate: inspect("web-2", false) },
      "undo",
    ],
    ["it was being rolled back", "rolling_back", { old, candidate: serving }, "undo"],
    ["it was being rolled back and the new one is gone", "rolling_back", { old, candidate: undefined }, "undo"],
    ["somebody removed the old one", "switching", { old: undefined, candidate: placed }, "forward"],
    ["somebody removed the old one in the rollback", "rolling_back", { old: undefined, candidate: placed }, "undo"],
    ["somebody removed it before it was touched", "creating", { old: undefined, candidate: waiting }, "undo"],
    ["somebody removed both", "switching", { old: undefined, candidate: undefined }, "lost"],
  ])("when %s: %4$s", (_, step, pair, kind) => {
    expect(leftoverFor(entry(step), [observed("web", pair)]).kind).toBe(kind);
  });

  it.each<readonly [SwapStep, Pair, string]>([
    ["switching", { old, candidate: placed }, "Gangway was interrupted before the new container was in place"],
    ["switching", { old, candidate: undefined }, "somebody removed the new container"],
    ["verifying", { old, candidate: undefined }, "somebody removed the new container"],
    [
      "verifying",
      { old: inspect("web", true), candidate: inspect("web-2", false) },
      "somebody took the old container up again",
    ],
    ["committed", { old, candidate: undefined }, "somebody removed the new container"],
    ["rolling_back", { old, candidate: undefined }, "it failed"],
  ])("undoes what was %s, and says why", (step, pair, cause) => {
    const interrupted = step === "rolling_back" ? { ...entry(step), cause: "it failed" } : entry(step);

    expect(leftoverFor(interrupted, [observed("web", pair)])).toEqual({ kind: "undo", cause });
  });

  it("goes on with a container that was never meant to run", () => {
    expect(leftoverFor(entry("switching"), [observed("web", { old, candidate: placed }, false)]).kind).toBe("verify");
  });

  it("verifies a group only when all of it is in place", () => {
    const web = observed("web", { old, candidate: serving });
    const child = { old: inspect("child.gw-old-0a1b2c3d", false), candidate: inspect("child.gw-new-0a1b2c3d", false) };

    expect(leftoverFor(entry("switching"), [web, observed("child", child)]).kind).toBe("undo");
    const inPlace = observed("child", { ...child, candidate: inspect("child", true) });
    expect(leftoverFor(entry("switching"), [web, inPlace]).kind).toBe("verify");
  });
});
