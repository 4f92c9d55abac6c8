import { describe, expect, it } from "vitest";
import type { Command, OperationResult, Outcome } from "../core/operation.ts";
import { createInventory } from "../inventory/store.ts";
import { createLocks } from "../lib/locks.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";
import { createRunner, type Procedures, type Runner } from "./runner.ts";

/** A runner whose operations end when they are told to. */
function slowRunner() {
  const inventory = createInventory();
  for (const name of ["web", "db"]) {
    inventory.putContainer({
      ...{ name, id: name, image: "app", imageId: "sha256:1", repoDigests: [], state: "running", health: "none" },
      ...{ startedAt: null, finishedAt: null, restartCount: 0, exitCode: null, labels: {} },
    });
  }
  const begun: string[] = [];
  const results: (readonly [OperationResult, boolean])[] = [];
  const ends: ((outcome: Outcome) => void)[] = [];
  const procedure = (command: Command): Promise<Outcome> => {
    begun.push(["container" in command ? command.container : "", command.kind].reverse().join(" ").trim());
    return new Promise((resolve) => ends.push(resolve));
  };
  let operations = 0;
  const runner: Runner = createRunner({
    inventory,
    procedures: { update: procedure, restart: procedure, check: procedure, prune: procedure } as unknown as Procedures,
    scopeOf: () => Promise.resolve([]),
    locks: createLocks(),
    parallel: 1,
    newOperation: () => `op${++operations}`,
    ready: Promise.resolve(),
    onResult: (result, joined) => results.push([result, joined]),
    clock: systemClock,
    log: createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() }),
  });
  const endNext = (): void => ends.shift()?.({ state: "done", message: "" });
  return { runner, inventory, begun, results, endNext };
}

const update = { kind: "update", container: "web" } as const;
const restart = { kind: "restart", container: "web" } as const;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the runner", () => {
  it("shows what waits and what runs, with all who wait for it", async () => {
    const { runner, endNext } = slowRunner();
    runner.submit(update, "mqtt");
    runner.submit(restart, "http", "mine");
    runner.submit(restart, "http look", "yours");
    await turn();

    expect(runner.pending()).toMatchObject([
      { id: "op1", joined: [], command: "update", container: "web", state: "running", source: "mqtt" },
      { id: "mine", joined: ["yours"], command: "restart", container: "web", state: "queued", source: "http" },
    ]);
    endNext();
    await turn();
    expect(runner.pending()).toMatchObject([{ id: "mine", state: "running" }]);
    endNext();
    await turn();
    expect(runner.pending()).toEqual([]);
  });

  it("ends what waits at once when it is cancelled, for all who asked, and never begins it", async () => {
    const { runner, inventory, begun, results, endNext } = slowRunner();
    runner.submit(update, "mqtt");
    await turn();
    const mine = runner.submit(restart, "http", "mine");
    const yours = runner.submit(restart, "http", "yours");

    expect(runner.cancel("yours")).toBe("cancelled");
    expect(runner.cancel("mine")).toBe("unknown");
    expect(await mine.done).toMatchObject({ id: "mine", state: "cancelled", command: "restart", container: "web" });
    expect(await yours.done).toMatchObject({ id: "yours", state: "cancelled" });
    expect(results.map(([{ id }, joined]) => [id, joined])).toEqual([
      ["mine", false],
      ["yours", true],
    ]);
    expect(inventory.get("web")?.progress).toMatchObject({ operation: "op1", command: "update" });
    endNext();
    await turn();
    expect(begun).toEqual(["update web"]);
    expect(runner.pending()).toEqual([]);
  });

  it("lets what runs go on", async () => {
    const { runner, begun } = slowRunner();
    runner.submit(update, "mqtt");
    await turn();

    expect(runner.cancel("op1")).toBe("running");
    expect(runner.cancel("op2")).toBe("unknown");
    expect(begun).toEqual(["update web"]);
  });

  it("cancels an update that waits for another container's, and goes on with the one behind it", async () => {
    const { runner, begun, endNext } = slowRunner();
    runner.submit(update, "mqtt");
    const second = runner.submit({ kind: "update", container: "db" }, "mqtt");
    const third = runner.submit({ kind: "restart", container: "db" }, "mqtt");
    await turn();

    expect(runner.cancel(second.id)).toBe("cancelled");
    expect(await second.done).toMatchObject({ state: "cancelled" });
    await turn();
    expect(begun).toEqual(["update web", "restart db"]);
    endNext();
    endNext();
    expect(await third.done).toMatchObject({ state: "done" });
  });

  it("never prunes while a container is being replaced, nor the other way round; a look may always be had", async () => {
    const { runner, begun, endNext } = slowRunner();
    runner.submit(update, "mqtt");
    await turn();
    runner.submit({ kind: "prune", what: "images" }, "mqtt");
    runner.submit({ kind: "prune", what: "images", dryRun: true }, "mqtt");
    runner.submit({ kind: "restart", container: "db" }, "mqtt");
    await turn();
    expect(begun).toEqual(["update web", "prune", "restart db"]);
    for (const _ of [1, 2, 3]) endNext();
    await turn();
    runner.submit({ kind: "update", container: "db" }, "mqtt");
    await turn();
    expect(begun.slice(3)).toEqual(["prune"]);
    endNext();
    await turn();
    expect(begun.slice(4)).toEqual(["update db"]);
    endNext();
  });

  it("does not join what was cancelled", async () => {
    const { runner, begun, endNext } = slowRunner();
    runner.submit(update, "mqtt");
    await turn();
    const first = runner.submit(restart, "http");
    runner.cancel(first.id);
    const second = runner.submit(restart, "http");

    expect(second.id).not.toBe(first.id);
    endNext();
    await turn();
    expect(begun).toEqual(["update web", "restart web"]);
  });
});
