import { describe, expect, it } from "vitest";
import type { Container } from "./container.ts";
import { containerAfter } from "./container-events.ts";
import type { ContainerEvent } from "./engine-answers.ts";

const running: Container = {
  name: "web",
  id: "a".repeat(64),
  image: "nginx:1",
  imageId: "sha256:1",
  repoDigests: [],
  state: "running",
  health: "none",
  startedAt: "2026-01-01T00:00:00Z",
  finishedAt: null,
  restartCount: 0,
  exitCode: null,
  labels: {},
};
const at = Date.parse("2026-02-03T04:05:06.789Z");
const event = (action: string, more: Partial<ContainerEvent> = {}): ContainerEvent => ({
  kind: "container",
  action,
  id: running.id,
  name: "web",
  time: at,
  ...more,
});

describe("containerAfter", () => {
  it("shows a death with its exit code and time before anyone has inspected", () => {
    const after = containerAfter(running, event("die", { exitCode: 137 }));

    expect(after).toEqual({ ...running, state: "exited", exitCode: 137, finishedAt: "2026-02-03T04:05:06Z" });
  });

  it("shows a start, and a health that has to be found again", () => {
    const dead: Container = { ...running, state: "exited", exitCode: 1, health: "unhealthy" };

    const after = containerAfter(dead, event("start"));

    expect(after).toEqual({
      ...running,
      exitCode: null,
      health: "starting",
      startedAt: "2026-02-03T04:05:06Z",
    });
  });

  it("does not invent a health for a container without a health check", () => {
    expect(containerAfter(running, event("start")).health).toBe("none");
  });

  it.each([
    ["pause", {}, { state: "paused" }],
    ["unpause", {}, { state: "running" }],
    ["health_status", { health: "unhealthy" }, { health: "unhealthy" }],
    ["kill", {}, {}],
    ["update", {}, {}],
  ] as const)("takes from %s what it tells and nothing else", (action, more, change) => {
    expect(containerAfter(running, event(action, more))).toEqual({ ...running, ...change });
  });
});
