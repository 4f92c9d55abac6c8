import { describe, expect, it } from "vitest";
import { UpdateState } from "../../test/home-assistant.ts";
import type { AutoUpdatePolicy } from "../core/auto-update.ts";
import type { Container } from "../core/container.ts";
import type { NodeFacts } from "../core/node-facts.ts";
import type { Progress } from "../core/operation.ts";
import type { Entry } from "../core/ports.ts";
import type { CheckRecord } from "../core/update-status.ts";
import { containerState, nodeState, resultMessage, updateState } from "./state.ts";

const hex = (start: string): string => start.padEnd(64, "0");
const container: Container = {
  name: "web",
  id: "a".repeat(64),
  image: "nginx:1.27",
  imageId: `sha256:${hex("feed")}`,
  repoDigests: [`nginx@sha256:${hex("1b2c3d4e5f60")}`],
  state: "running",
  health: "healthy",
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: null,
  restartCount: 2,
  exitCode: null,
  labels: {},
};
const check: CheckRecord = {
  status: "update_available",
  verdict: "update_available",
  reason: "nginx:1.27 now has another digest.",
  checkedAt: "2026-01-02T00:00:00Z",
  imageId: container.imageId,
  reference: container.image,
  installedDigest: `sha256:${hex("1b2c3d4e5f60")}`,
  latestDigest: `sha256:${hex("9f8e7d6c5b4a")}`,
};
const updating = (more: Partial<Progress>): Progress => ({
  operation: "x",
  command: "update",
  phase: "queued",
  ...more,
});

describe("updateState", () => {
  const states: readonly (readonly [string, Entry, object])[] = [
    [
      "leaves the latest version out before the first verdict",
      { container },
      { installed_version: "1.27 (1b2c3d4e5f60)", title: "nginx:1.27", in_progress: false, update_percentage: null },
    ],
    [
      "names both versions when there is an update",
      { container, check },
      { installed_version: "1.27 (1b2c3d4e5f60)", latest_version: "1.27 (9f8e7d6c5b4a)" },
    ],
    [
      "repeats the installed version literally when there is none",
      { container, check: { ...check, status: "up_to_date", verdict: "up_to_date" } },
      { installed_version: "1.27 (1b2c3d4e5f60)", latest_version: "1.27 (1b2c3d4e5f60)" },
    ],
    [
      "keeps the last verdict when a check fails",
      { container, check: { ...check, status: "registry_error", reason: "no answer" } },
      { latest_version: "1.27 (9f8e7d6c5b4a)" },
    ],
    [
      "says nothing of the latest version on what was said of another image",
      { container: { ...container, imageId: "sha256:other" }, check },
      {},
    ],
    [
      "offers no update where the label forbids it",
      { container: { ...container, labels: { "gangway.update": "off" } }, check },
      { installed_version: "1.27 (1b2c3d4e5f60)", latest_version: "1.27 (1b2c3d4e5f60)" },
    ],
    [
      "shows a queued update as in progress, without a figure",
      { container, progress: updating({}) },
      { in_progress: true, update_percentage: null },
    ],
    [
      "shows how far a pull is",
      { container, progress: updating({ phase: "pulling", percent: 50 }) },
      { in_progress: true, update_percentage: 40 },
    ],
    [
      "shows the gate",
      { container, progress: updating({ phase: "verifying" }) },
      { in_progress: true, update_percentage: 90 },
    ],
    [
      "is not in progress while the container is only restarted",
      { container, progress: { ...updating({}), command: "restart" } },
      { in_progress: false, update_percentage: null },
    ],
  ];

  it.each(states)("%s", (_, entry, expected) => {
    expect(UpdateState.parse(updateState(entry))).toMatchObject(expected);
  });

  it("never says that an unchecked container is up to date", () => {
    for (const entry of [{ container }, { container: { ...container, imageId: "sha256:other" }, check }]) {
      expect(updateState(entry)).not.toHaveProperty("latest_version");
    }
  });

  it("shows the image's own id where it has no digest at a registry", () => {
    expect(updateState({ container: { ...container, repoDigests: [] } })).toMatchObject({
      installed_version: "1.27 (feed00000000)",
    });
  });
});

describe("containerState", () => {
  it("tells the last check, the last certain verdict and the last result apart", () => {
    const entry: Entry = {
      container,
      check: { ...check, status: "registry_error", reason: "The registry did not answer." },
      lastResult: {
        id: "1",
        command: "update",
        container: "web",
        state: "rolled_back",
        message: "It failed.",
        startedAt: "",
        finishedAt: "",
      },
    };

    expect(containerState(entry, { isOn: false })).toMatchObject({
      state: "running",
      running: true,
      health: "healthy",
      status: "registry_error",
      verdict: "update_available",
      reason: "The registry did not answer.",
      phase: "idle",
      last_result: "rolled_back",
      restart_count: 2,
    });
  });

  it("tells whether it is updated automatically, and which label decides that", () => {
    expect(containerState({ container }, { isOn: true })).toMatchObject({
      auto_update: true,
      auto_update_reason: null,
    });
    expect(containerState({ container }, { isOn: false, label: "gangway.update=manual" })).toMatchObject({
      auto_update: false,
      auto_update_reason: "The label gangway.update=manual decides.",
    });
  });

  it("tells when Gangway gave it a newer image last, and what is wrong with it", () => {
    const lastUpdate = "2026-01-02T03:04:05Z";

    expect(containerState({ container }, { isOn: false })).toMatchObject({
      last_update: null,
      last_backup: null,
      problem: null,
    });
    expect(
      containerState({ container: { ...container, health: "unhealthy" }, lastUpdate }, { isOn: false }),
    ).toMatchObject({ last_update: lastUpdate, problem: "Its health check fails." });
  });

  it("has no text that is longer than a state may be", () => {
    const long = containerState(
      { container: { ...container, image: `x/${"y".repeat(300)}:1`, labels: {} } },
      { isOn: true, label: `gangway.update=${"x".repeat(300)}` },
    );

    for (const value of Object.values(long)) expect(String(value).length).toBeLessThanOrEqual(255);
  });
});

describe("nodeState", () => {
  const manual = (): AutoUpdatePolicy => ({ isOn: false });
  const node = (entries: readonly Entry[], policyOf = manual, facts: NodeFacts = {}): object =>
    nodeState(entries, { isCounted: true, ...facts }, "0.1.0", policyOf);

  it.each([
    ["on where all are on", { web: { isOn: true }, db: { isOn: true } }, true],
    ["off where one is not", { web: { isOn: true }, db: { isOn: false } }, false],
    ["on where a label keeps the others off", { web: { isOn: true }, db: { isOn: false, label: "x" } }, true],
    ["unknown where labels decide for all", { web: { isOn: true, label: "x" }, db: { isOn: true, label: "x" } }, null],
  ])("has the switch for all automatic updates %s", (_, policies, expected) => {
    const entries = ["web", "db"].map((name) => ({ container: { ...container, name } }));
    const policyOf = ({ container: { name } }: Entry): AutoUpdatePolicy => policies[name as keyof typeof policies];

    expect(nodeState(entries, { isCounted: true }, "0.1.0", policyOf)).toMatchObject({ auto_update: expected });
  });

  it("tells what it is at work with", () => {
    const progress = { operation: "1", command: "rollback", phase: "queued" } as const;

    expect(node([{ container }])).toMatchObject({ job: "idle" });
    expect(node([{ container }], manual, { isChecking: true })).toMatchObject({ job: "checking" });
    expect(node([{ container, progress }], manual, { isChecking: true })).toMatchObject({ job: "updating" });
    expect(node([{ container, progress: { ...progress, command: "stop" } }])).toMatchObject({ job: "idle" });
  });

  it("counts what is there, and names what has an update", () => {
    const entries: readonly Entry[] = [
      { container, check },
      { container: { ...container, name: "db", state: "exited" } },
      { container: { ...container, name: "cache", health: "unhealthy" } },
      { container: { ...container, name: "quiet", labels: { "gangway.update": "off" } }, check },
    ];

    expect(nodeState(entries, { isCounted: true }, "0.1.0", manual)).toMatchObject({
      containers_total: 4,
      containers_running: 3,
      containers_unhealthy: 1,
      updates_available: 1,
      updates: ["web"],
      docker_version: null,
    });
  });

  it("tells which registries limit us until when, and what is left of which quota", () => {
    const now = Date.parse("2026-01-02T03:04:05.678Z");
    const quota = { limit: 100, remaining: 20, windowSeconds: 21_600, toldAt: now };
    const registryLimits = [
      { registry: "docker.io", quota },
      { registry: "quay.io", limitedUntil: now + 60_000 },
    ];

    expect(nodeState([], { registryLimits }, "0.1.0", manual)).toMatchObject({
      registries_limited: 1,
      registry_limits: {
        "docker.io": {
          limited_until: null,
          limit: 100,
          remaining: 20,
          window_seconds: 21_600,
          told_at: "2026-01-02T03:04:05Z",
        },
        "quay.io": {
          limited_until: "2026-01-02T03:05:05Z",
          limit: null,
          remaining: null,
          window_seconds: null,
          told_at: null,
        },
      },
    });
    expect(nodeState([], {}, "0.1.0", manual)).toMatchObject({ registries_limited: 0, registry_limits: {} });
  });

  it("tells what the disk holds, where somebody has asked the engine", () => {
    const disk = {
      ...{ imageBytes: 900, reclaimableImageBytes: 300, volumeBytes: 50, reclaimableVolumeBytes: 30 },
      ...{ containerBytes: null, buildCacheBytes: 7 },
    };

    expect(node([], manual, { disk })).toMatchObject({
      ...{ images_bytes: 900, images_reclaimable_bytes: 300, volumes_bytes: 50, volumes_reclaimable_bytes: 30 },
      ...{ containers_bytes: null, build_cache_bytes: 7 },
    });
    expect(node([])).toMatchObject({ images_bytes: null, volumes_bytes: null, build_cache_bytes: null });
  });

  it("does not count before all containers have been read", () => {
    expect(nodeState([], {}, "0.1.0", manual)).toMatchObject({
      containers_total: null,
      containers_running: null,
      containers_unhealthy: null,
      updates_available: null,
      updates: null,
      gangway_version: "0.1.0",
    });
  });
});

describe("resultMessage", () => {
  it("leaves the container's log out: it can hold secrets, and everyone at the broker reads it", () => {
    const result = {
      id: "1",
      command: "update",
      container: "web",
      state: "rolled_back",
      message: "It failed.",
      log: "password=hunter2",
      startedAt: "",
      finishedAt: "",
    } as const;

    expect(JSON.stringify(resultMessage(result))).not.toContain("hunter2");
  });
});
