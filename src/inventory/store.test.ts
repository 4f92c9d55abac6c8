import { describe, expect, it } from "vitest";
import type { Container } from "../core/container.ts";
import type { InventoryChange } from "../core/ports.ts";
import { createInventory } from "./store.ts";

const container = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  id: `id-${name}`,
  image: "nginx:1",
  imageId: "sha256:1",
  repoDigests: ["nginx@sha256:1"],
  state: "running",
  health: "none",
  startedAt: null,
  finishedAt: null,
  restartCount: 0,
  exitCode: null,
  labels: { a: "1" },
  ...more,
});

function watched() {
  const inventory = createInventory();
  const changes: InventoryChange[] = [];
  inventory.subscribe((change) => changes.push(change));
  return { inventory, changes };
}

describe("inventory", () => {
  it("tells what came, changed and went", () => {
    const { inventory, changes } = watched();

    inventory.putContainer(container("web"));
    inventory.putContainer(container("web", { state: "exited" }));
    inventory.remove("web");

    expect(changes.map(({ kind }) => kind)).toEqual(["added", "changed", "removed"]);
  });

  it("is silent about what did not change, however deep it looks", () => {
    const { inventory, changes } = watched();
    inventory.putContainer(container("web"));

    inventory.putContainer(container("web", { labels: { a: "1" } }));
    inventory.setEngine(undefined);
    inventory.remove("db");

    expect(changes).toHaveLength(1);
  });

  it("keeps what is known of a name when its container is another one", () => {
    const { inventory } = watched();
    inventory.putContainer(container("web"));
    inventory.setProgress("web", { operation: "1", command: "update", phase: "switching" });

    inventory.putContainer(container("web", { id: "id-new" }));

    expect(inventory.get("web")).toMatchObject({ container: { id: "id-new" }, progress: { phase: "switching" } });
  });

  it("takes away the progress of the operation that has ended, and of no other", () => {
    const { inventory } = watched();
    inventory.putContainer(container("web"));
    inventory.setProgress("web", { operation: "update-1", command: "update", phase: "switching" });

    inventory.clearProgress("web", "check-2");
    expect(inventory.get("web")).toMatchObject({ progress: { operation: "update-1" } });
    inventory.clearProgress("web", "update-1");

    expect(inventory.get("web")).not.toHaveProperty("progress");
  });

  it("lists in the order in which a person would", () => {
    const { inventory } = watched();
    for (const name of ["web10", "Web2", "db"]) inventory.putContainer(container(name));

    expect(inventory.all().map(({ container: { name } }) => name)).toEqual(["db", "Web2", "web10"]);
  });

  it("ignores what is said of a name that is not there", () => {
    const { inventory, changes } = watched();

    inventory.setProgress("web", { operation: "1", command: "update", phase: "queued" });
    inventory.setMetrics("web", {} as never);

    expect(changes).toEqual([]);
    expect(inventory.get("web")).toBeUndefined();
  });

  it("asks an earlier run what it knew, once, when a container is first put in", () => {
    const check = { status: "up_to_date" } as never;
    const inventory = createInventory(() => ({ check }));

    inventory.putContainer(container("web"));

    expect(inventory.get("web")?.check).toBe(check);
  });

  it("tells nothing to who has left", () => {
    const { inventory } = watched();
    let heard = 0;
    const subscription = inventory.subscribe(() => heard++);

    subscription[Symbol.dispose]();
    inventory.putContainer(container("web"));

    expect(heard).toBe(0);
  });

  it("knows when a container was given a newer image or backed up last, whatever was done to it since", () => {
    const { inventory } = watched();
    inventory.putContainer(container("web"));
    const result = { id: "1", container: "web", message: "", startedAt: "" } as const;

    inventory.setResult("web", { ...result, command: "update", state: "updated", finishedAt: "then" });
    inventory.setResult("web", { ...result, command: "update", state: "rolled_back", finishedAt: "later" });
    inventory.setResult("web", { ...result, command: "backup", state: "done", finishedAt: "in between" });
    inventory.setResult("web", { ...result, command: "backup", state: "failed", finishedAt: "after that" });
    inventory.setResult("web", { ...result, command: "restart", state: "done", finishedAt: "now" });

    expect(inventory.get("web")).toMatchObject({
      lastUpdate: "then",
      lastBackup: "in between",
      lastResult: { finishedAt: "now" },
    });

    const backup = "web_20261121T180102Z.tar.zst";
    inventory.setResult("web", { ...result, command: "update", state: "updated", finishedAt: "both", backup });
    expect(inventory.get("web")).toMatchObject({ lastUpdate: "both", lastBackup: "both" });
  });
});
