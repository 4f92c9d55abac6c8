import { describe, expect, it } from "vitest";
import { inspectOf } from "../../test/scripted-engine.ts";
import type { JournalEntry, SwapMember } from "../core/journal.ts";
import { GangwayError } from "../lib/errors.ts";
import { changeLifecycle, type LifecycleDependencies } from "./lifecycle.ts";
import { putBack } from "./put-back.ts";
import { inspectByName, surveyOf } from "./survey.ts";

const signal = new AbortController().signal;

/** As the engine finds a container: by its whole id, by its name, or else by the beginning of one id. */
function engineWith(...containers: readonly (readonly [id: string, name: string])[]) {
  const names = new Map(containers);
  const calls: string[] = [];
  const idOf = (text: string): string => {
    const named = [...names].find(([id, name]) => id === text || name === text)?.[0];
    const ids = named === undefined ? [...names.keys()].filter((id) => id.startsWith(text)) : [named];
    if (ids.length > 1) throw new GangwayError("engine_refused", `multiple IDs found with provided prefix: ${text}`);
    if (ids[0] === undefined) throw new GangwayError("engine_not_found", `No such container: ${text}`);
    return ids[0];
  };
  const does = (deed: string) => async (text: string) => void calls.push(`${deed} ${names.get(idOf(text))}`);
  const engine = {
    list: async () => [...names].map(([id, name]) => ({ id, name, state: "running", imageId: "" }) as const),
    inspect: async (text: string) => inspectOf(idOf(text), names.get(idOf(text)) ?? ""),
    rename: async (text: string, name: string) => void names.set(idOf(text), name),
    ...{ start: does("start"), stop: does("stop"), restart: does("restart"), pause: does("pause") },
    ...{ unpause: does("unpause"), remove: does("remove"), setRestartPolicy: async () => {} },
  };
  return { engine, calls, names };
}

describe("a container is looked for by its name", () => {
  it.each<readonly [string, readonly (readonly [string, string])[], string | undefined]>([
    ["has it", [["1234", "db"]], "1234"],
    [
      "has it, though another's id begins with it",
      [
        ["1234", "db"],
        ["db01", "web"],
      ],
      "1234",
    ],
    ["is not there, though another's id begins with it", [["db01", "web"]], undefined],
    [
      "is not there, though several ids begin with it",
      [
        ["db01", "web"],
        ["db02", "app"],
      ],
      undefined,
    ],
    ["is not there", [["1234", "web"]], undefined],
  ])("that %s", async (_, containers, id) => {
    expect((await inspectByName(engineWith(...containers).engine, "db", signal))?.Id).toBe(id);
  });

  it("and a refusal that is not about the beginning of an id is one", async () => {
    const refused = () => Promise.reject(new GangwayError("engine_refused", "forbidden"));
    const engine = { ...engineWith().engine, inspect: refused };

    await expect(inspectByName(engine, "web", signal)).rejects.toMatchObject({ code: "engine_refused" });
  });
});

it("takes no other container for the one that a command is about", async () => {
  const { engine, calls } = engineWith(["db01", "web"]);
  const deps = { engine, ownContainerId: undefined, wayToEngine: async () => () => false };

  await expect(surveyOf(engine, "db", signal)).rejects.toMatchObject({ code: "engine_not_found" });
  for (const kind of ["start", "stop", "restart", "pause", "unpause"] as const) {
    const done = changeLifecycle(deps as LifecycleDependencies, { kind, container: "db" }, signal);
    await expect(done).rejects.toMatchObject({ code: "engine_not_found" });
  }
  expect(calls).toEqual([]);
});

it("gives an old container its name back, though another's id begins with it", async () => {
  const { engine, names } = engineWith(["db01", "web"], ["1234", "db.gw-old-00000001"]);
  const member = { container: "db", oldId: "1234", restartPolicy: { Name: "no" }, wasRunning: true, wasPaused: false };
  const entry = { operation: "00000001", reached: "verifying" } as JournalEntry;
  const old = await engine.inspect("1234");

  const seen = { member: member as unknown as SwapMember, old, candidate: undefined };
  expect(await putBack({ engine }, entry, [seen], signal)).toEqual([]);

  expect(names.get("1234")).toBe("db");
});
