import { describe, expect, it } from "vitest";
import type { Container } from "./container.ts";
import { eventFrom, eventsFrom, type NodeEvent } from "./node-event.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { OperationResult } from "./operation.ts";
import type { Entry, InventoryChange } from "./ports.ts";
import type { CheckRecord } from "./update-status.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const container: Container = {
  name: "web",
  id: "id",
  image: "nginx:1",
  imageId: "image",
  repoDigests: [`nginx@${digest("a")}`],
  state: "running",
  health: "healthy",
  startedAt: null,
  finishedAt: null,
  restartCount: 0,
  exitCode: null,
  labels: {},
};
const check = (verdict: "up_to_date" | "update_available", latest = digest("b")): CheckRecord => ({
  status: verdict,
  verdict,
  reason: "",
  checkedAt: "",
  imageId: "image",
  reference: "nginx:1",
  installedDigest: digest("a"),
  latestDigest: latest,
});
const entry = (more: Partial<Container> = {}, rest: Partial<Entry> = {}): Entry => ({
  container: { ...container, ...more },
  ...rest,
});
const progress = { operation: "op", command: "stop", phase: "queued" } as const;
const changed = (before: Entry, after: Entry): InventoryChange => ({ kind: "changed", name: "web", before, after });
const typesOf = (change: InventoryChange, isCounted = true): readonly string[] =>
  eventsFrom(change, isCounted).map(({ type }) => type);

describe("eventsFrom", () => {
  it.each<[string, InventoryChange, readonly string[]]>([
    ["a new container", { kind: "added", name: "web", after: entry() }, ["container_added"]],
    ["one that is gone", { kind: "removed", name: "web", before: entry() }, ["container_removed"]],
    ["a death", changed(entry(), entry({ state: "exited", exitCode: 3 })), ["container_died"]],
    ["a death that was known", changed(entry({ state: "exited" }), entry({ state: "dead" })), []],
    ["a start", changed(entry({ state: "exited" }), entry()), []],
    ["a pause", changed(entry(), entry({ state: "paused" })), []],
    ["a stop by an operation", changed(entry({}, { progress }), entry({ state: "exited" }, { progress })), []],
    ["another container of the name", changed(entry(), entry({ id: "new", state: "created" })), []],
    ["an illness", changed(entry(), entry({ health: "unhealthy" })), ["container_unhealthy"]],
    ["an illness that lasts", changed(entry({ health: "unhealthy" }), entry({ health: "unhealthy" })), []],
    [
      "an illness that kills",
      changed(entry(), entry({ health: "unhealthy", state: "dead" })),
      ["container_died", "container_unhealthy"],
    ],
    ["an update", changed(entry(), entry({}, { check: check("update_available") })), ["update_available"]],
    [
      "an update that was known",
      changed(
        entry({}, { check: check("update_available") }),
        entry({}, { check: { ...check("update_available"), checkedAt: "later" } }),
      ),
      [],
    ],
    [
      "a still newer one",
      changed(
        entry({}, { check: check("update_available") }),
        entry({}, { check: check("update_available", digest("c")) }),
      ),
      ["update_available"],
    ],
    ["a check without an update", changed(entry(), entry({}, { check: check("up_to_date") })), []],
    [
      "an update that was known before a rollback",
      changed(entry({}, { offered: { digest: digest("b") } }), entry({}, { check: check("update_available") })),
      [],
    ],
    [
      "another digest of the image that was known",
      changed(
        entry({}, { offered: { digest: digest("b"), image: digest("e") } }),
        entry({}, { check: { ...check("update_available", digest("c")), latestImage: digest("e") } }),
      ),
      [],
    ],
    [
      "another name for the version that was known",
      changed(
        entry({}, { check: check("update_available") }),
        entry({}, { check: { ...check("update_available"), latest: { version: "1.27.3" } } }),
      ),
      [],
    ],
    [
      "an update that a label forbids to offer",
      changed(
        entry({ labels: { "gangway.update": "off" } }),
        entry({ labels: { "gangway.update": "off" } }, { check: check("update_available") }),
      ),
      [],
    ],
  ])("tells of %s what there is to tell", (_, change, types) => {
    expect(typesOf(change)).toEqual(types);
  });

  it("tells of a cool-down when it begins, and of none that an earlier run has left", () => {
    const limited = [{ registry: "quay.io", limitedSince: 1_000, limitedUntil: 61_000 }];
    const told = (before: NodeFacts): readonly NodeEvent[] =>
      eventsFrom({ kind: "node", before, after: { ...before, registryLimits: limited } }, true);

    expect(told({ registryLimits: [] })).toMatchObject([
      {
        type: "registry_limited",
        container: null,
        details: { registry: "quay.io", message: expect.stringContaining("until 1970-01-01T00:01:01") },
      },
    ]);
    expect(told({ registryLimits: limited })).toEqual([]);
    expect(told({})).toEqual([]);
  });

  it("does not call a container new that was there before Gangway", () => {
    expect(typesOf({ kind: "added", name: "web", after: entry() }, false)).toEqual([]);
  });

  it("says which versions an update is about, and how a container ended", () => {
    expect(eventsFrom(changed(entry(), entry({}, { check: check("update_available") })), true)).toEqual([
      {
        type: "update_available",
        container: "web",
        operation: null,
        details: { from: "1 (aaaaaaaaaaaa)", to: "1 (bbbbbbbbbbbb)" },
      },
    ]);
    expect(eventsFrom(changed(entry(), entry({ state: "exited", exitCode: 3 })), true)).toMatchObject([
      { details: { exit_code: 3 } },
    ]);
  });
});

describe("eventFrom", () => {
  it.each([
    ["update", "updated", "updated"],
    ["update", "rolled_back", "rolled_back"],
    ["update", "failed", "update_failed"],
    ["update", "unchanged", undefined],
    ["update", "rejected", undefined],
    ["update", "cancelled", undefined],
    ["recreate", "rolled_back", "rolled_back"],
    ["restart", "failed", undefined],
    ["check", "done", undefined],
  ] as const)("makes of %s: %s an event of type %s", (command, state, type) => {
    const result = { id: "op", command, container: "web", state, message: "m", startedAt: "", finishedAt: "" };

    expect(eventFrom(result as OperationResult)?.type).toBe(type);
  });

  it("names the backup that was made, where one was", () => {
    const result = { id: "op", command: "update", container: "web", state: "rolled_back", message: "m" } as const;
    const times = { startedAt: "", finishedAt: "" };

    const details = { message: "m", from: null, to: null };
    expect(eventFrom({ ...result, ...times, backup: "web.tar" })?.details).toEqual({ ...details, backup: "web.tar" });
    expect(eventFrom({ ...result, ...times })?.details).toEqual(details);
  });

  it("tells of a prune how much has gone, unless nothing has, or was to", () => {
    const item = { id: "a", name: "a", bytes: 5, verdict: "remove", reason: "" } as const;
    const pruned = (removed: readonly (typeof item)[], preview = false, state = "done") =>
      eventFrom({
        ...{
          id: "op",
          command: "prune",
          container: null,
          state,
          message: "Removed 1 volume.",
          startedAt: "",
          finishedAt: "",
        },
        prune: { what: "volumes", preview, removed, kept: [item, item], reclaimedBytes: 5 },
      } as OperationResult);

    expect(pruned([item])).toEqual({
      type: "pruned",
      container: null,
      operation: "op",
      details: { message: "Removed 1 volume.", what: "volumes", removed: 1, kept: 2, reclaimed_bytes: 5 },
    });
    expect(pruned([item], false, "failed")?.type).toBe("pruned");
    expect(pruned([])).toBeUndefined();
    expect(pruned([item], true)).toBeUndefined();
  });
});
