import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runningContainer } from "../../test/running-container.ts";
import type { Container } from "../core/container.ts";
import type { Command, OperationResult, OutcomeState } from "../core/operation.ts";
import type { Entry, Inventory, Operations } from "../core/ports.ts";
import type { ErrorCode } from "../lib/errors.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import { type AutoUpdatesSettings, startAutoUpdates } from "./auto-updates.ts";
import { createInventory } from "./store.ts";

const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
const start = Date.parse("2026-03-01T12:00:00Z");

let inventory: Inventory;
let ending: AbortController;
let submitted: { readonly command: Command; readonly source: string }[];
let outcome: (command: Command) => OutcomeState | Promise<OutcomeState>;
/** Why an update fails. */
let code: ErrorCode | undefined;
let lines: { readonly msg: string; readonly [field: string]: unknown }[];

beforeEach(() => {
  inventory = createInventory();
  inventory.setEngine({
    hostName: "host",
    version: "26.1.5",
    apiVersion: "1.45",
    containerdStore: false,
    insecureRegistries: [],
  });
  ending = new AbortController();
  submitted = [];
  outcome = ({ kind }) => (kind === "update" ? "updated" : "done");
  code = undefined;
  lines = [];
});
afterEach(() => ending.abort());

function put(
  name: string,
  more: Partial<Container> = {},
  status: "up_to_date" | "update_available" = "update_available",
) {
  const container = runningContainer(name, {
    ...{ id: `id-of-${name}`, image: "nginx:1.27", imageId: digestOf("0") },
    ...more,
  });
  inventory.putContainer(container);
  inventory.setCheck(name, {
    status,
    verdict: status,
    reason: "",
    checkedAt: new Date(start).toISOString(),
    imageId: container.imageId,
    reference: container.image,
    latestDigest: digestOf("2"),
    latestSince: new Date(start).toISOString(),
  });
}

const resultOf = (command: Command, state: OutcomeState): OperationResult => ({
  id: "x",
  command: command.kind,
  container: "container" in command ? (command.container ?? null) : null,
  state,
  message: "",
  startedAt: "",
  finishedAt: "",
  ...(code === undefined ? {} : { code }),
});

const operations: Operations = {
  submit: (command, source) => {
    submitted.push({ command, source });
    return { id: "x", done: Promise.resolve(outcome(command)).then((state) => resultOf(command, state)) };
  },
};

function run(settings: Partial<AutoUpdatesSettings> = {}, now: () => number = () => start) {
  const log = createLog({
    level: "debug",
    output: { write: (text) => lines.push(JSON.parse(text) as (typeof lines)[number]) },
    secrets: createSecrets(),
  });
  const isOwn = (name: string): boolean => name === "gangway";
  return startAutoUpdates(
    { inventory, operations, leftBehind: () => [], isOwn, clock: { now }, log },
    { enabled: true, images: [], cooldownMs: 0, parallel: 1, ...settings },
    ending.signal,
  );
}

const checked: OperationResult = resultOf({ kind: "check" }, "done");
const names = (): readonly unknown[] =>
  submitted.map(({ command }) => ("container" in command ? command.container : command.kind));
/** More than a day: whatever is waited for is over at the next look at the clock. */
const longMs = 25 * 3_600_000;
/** Everything that has been begun here ends within a few turns. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const attemptsAt = (name: string): Entry["check"] => inventory.get(name)?.check;

describe("automatic updates", () => {
  it("install what is due after a check, and nothing else", async () => {
    put("web");
    put("db", {}, "up_to_date");
    put("mail", { labels: { "gangway.update": "manual" } });
    put("old", { state: "exited" });
    run().ended(checked);
    await settled();

    expect(submitted).toEqual([{ command: { kind: "update", container: "web" }, source: "auto" }]);
    expect(lines.map(({ msg, due, heldBack }) => ({ msg, due, heldBack }))[0]).toEqual({
      msg: "automatic updates",
      due: 1,
      heldBack: 1,
    });
    expect(lines[1]).toMatchObject({ container: "old", reason: "the container does not run", level: 20 });
  });

  it("are off by default", async () => {
    put("web");
    run({ enabled: false }).ended(checked);
    await settled();

    expect(submitted).toEqual([]);
    expect(lines).toEqual([]);
  });

  it("of a check of one container are about that one", async () => {
    put("web");
    put("db");
    run().ended(resultOf({ kind: "check", container: "db" }, "done"));
    await settled();

    expect(names()).toEqual(["db"]);
  });

  it.each([
    ["another command", resultOf({ kind: "restart", container: "web" }, "done")],
    ["a check that failed", resultOf({ kind: "check" }, "failed")],
  ])("do not begin after %s", async (_, result) => {
    put("web");
    run().ended(result);
    await settled();

    expect(submitted).toEqual([]);
  });

  it("install Gangway's own update when all others have ended", async () => {
    put("gangway");
    put("web");
    const web = Promise.withResolvers<OutcomeState>();
    outcome = (command) => ("container" in command && command.container === "web" ? web.promise : "updated");
    run().ended(checked);
    await settled();
    expect(names()).toEqual(["web"]);

    web.resolve("updated");
    await settled();
    expect(names()).toEqual(["web", "gangway"]);
  });

  it("are not asked for twice while they run", async () => {
    put("web");
    const web = Promise.withResolvers<OutcomeState>();
    outcome = () => web.promise;
    const auto = run();
    auto.ended(checked);
    auto.ended(checked);
    await settled();

    expect(names()).toEqual(["web"]);
    web.resolve("updated");
  });

  it("begin as many at a time as may run, and each is looked at again when its turn comes", async () => {
    for (const name of ["a", "b", "c", "d"]) put(name);
    const ends = new Map<string, PromiseWithResolvers<OutcomeState>>();
    outcome = (command) => {
      const end = Promise.withResolvers<OutcomeState>();
      ends.set("container" in command ? (command.container ?? "") : "", end);
      return end.promise;
    };
    run({ parallel: 2 }).ended(checked);
    await settled();
    expect(names()).toEqual(["a", "b"]);

    inventory.setAutoUpdate("c", false);
    ends.get("a")?.resolve("updated");
    await settled();
    expect(names()).toEqual(["a", "b", "d"]);
  });

  it("that wait do not begin any more when Gangway is to end", async () => {
    for (const name of ["a", "b"]) put(name);
    const a = Promise.withResolvers<OutcomeState>();
    outcome = () => a.promise;
    run().ended(checked);
    await settled();
    ending.abort();
    a.resolve("cancelled");
    await settled();

    expect(names()).toEqual(["a"]);
  });

  it.each<[OutcomeState, number, ErrorCode?]>([
    ["rolled_back", 1],
    ["failed", 2],
    ["failed", 2, "pull_failed"],
    ["failed", 4, "registry_limited"],
    ["failed", 4, "backup_failed"],
    ["rejected", 2],
    ["unchanged", 2],
    ["cancelled", 4],
  ])("that end as %s are tried %i times in four rounds, and again with the next version (%s)", async (...row) => {
    const [state, times, why] = row;
    put("web");
    code = why;
    outcome = () => state;
    const auto = run();
    for (let round = 0; round < 4; round++) {
      auto.ended(checked);
      await settled();
    }
    expect(submitted).toHaveLength(times);

    const check = attemptsAt("web");
    if (check !== undefined) inventory.setCheck("web", { ...check, latestDigest: digestOf("3") });
    auto.ended(checked);
    await settled();
    expect(submitted).toHaveLength(times + 1);
  });

  it("with a window begin when it opens, with a check, and not after other checks", async () => {
    put("web");
    let now = start;
    const opened = Promise.withResolvers<void>();
    outcome = ({ kind }) => {
      if (kind === "check") return "done";
      opened.resolve();
      ending.abort();
      return "updated";
    };
    const auto = run({ window: "0 3 * * *" }, () => {
      now += longMs;
      return now;
    });
    auto.ended(checked);
    expect(submitted).toEqual([]);
    await opened.promise;
    await settled();

    expect(submitted).toEqual([
      { command: { kind: "check" }, source: "auto" },
      { command: { kind: "update", container: "web" }, source: "auto" },
    ]);
  });

  it("with a window wait for the next one while the engine is away", async () => {
    put("web");
    inventory.setEngine(undefined);
    let looks = 0;
    const waited = Promise.withResolvers<void>();
    run({ window: "0 3 * * *" }, () => {
      looks += 1;
      if (looks === 200) {
        waited.resolve();
        ending.abort();
      }
      return start + looks * longMs;
    });
    await waited.promise;
    await settled();

    expect(submitted).toEqual([]);
  });
});
