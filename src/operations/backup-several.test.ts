import { expect, it } from "vitest";
import type { Command, OperationResult } from "../core/operation.ts";
import type { Entry } from "../core/ports.ts";
import { backUpSeveral } from "./backup-several.ts";

function backUp(ends: Readonly<Record<string, OperationResult["state"]>>) {
  const all = () => Object.keys(ends).map((name) => ({ container: { name } }) as Entry);
  const submit = (command: Command) => {
    const container = command.kind === "backup" ? command.container : "";
    const state = ends[container] ?? "failed";
    return {
      id: container,
      done: Promise.resolve({ container, state, message: `It is ${state}.` } as OperationResult),
    };
  };
  return backUpSeveral({ inventory: { all }, submit });
}

it("backs up all, and tells of each", async () => {
  expect(await backUp({ web: "done", db: "done" })).toEqual({
    state: "done",
    message: "2 of 2 containers backed up.",
    results: [
      { container: "web", state: "done", message: "It is done." },
      { container: "db", state: "done", message: "It is done." },
    ],
  });
});

it("goes on where one fails, and says which", async () => {
  expect(await backUp({ web: "failed", db: "done", own: "rejected" })).toMatchObject({
    state: "failed",
    message: "1 of 3 containers backed up. web: It is failed. own: It is rejected.",
  });
});

it("has nothing to do where there is no container", async () => {
  expect(await backUp({})).toEqual({ state: "unchanged", message: "There is no container to back up." });
});
