import { describe, expect, it } from "vitest";
import { runningContainer } from "../../test/running-container.ts";
import type { Container } from "./container.ts";
import type { CommandKind, OutcomeState } from "./operation.ts";
import type { Entry } from "./ports.ts";
import { problemOf } from "./problem.ts";

const container = runningContainer("web");
const check = { checkedAt: "", imageId: "sha256:1", reference: "nginx:1", reason: "" } as const;
const outdated = { ...check, status: "update_available", verdict: "update_available" } as const;
const current = { ...check, status: "up_to_date", verdict: "up_to_date" } as const;

function ended(command: CommandKind, state: OutcomeState): Pick<Entry, "lastResult"> {
  return { lastResult: { id: "1", command, container: "web", state, message: "Why.", startedAt: "", finishedAt: "" } };
}

describe("a problem", () => {
  it.each<readonly [string, Partial<Container>, Omit<Entry, "container">, RegExp]>([
    ["a failing health check", { health: "unhealthy" }, {}, /health check/],
    ["a crash loop", { state: "restarting" }, {}, /again and again/],
    ["a container that the engine could not remove", { state: "dead" }, {}, /remove/],
    ["an update that failed", {}, { ...ended("update", "failed"), check: outdated }, /Why/],
    ["an update that was rolled back", {}, { ...ended("update", "rolled_back"), check: outdated }, /Why/],
    ["a recreation that failed", {}, { ...ended("recreate", "failed"), check: current }, /Why/],
  ])("is %s", (_, members, more, expected) => {
    expect(problemOf({ container: { ...container, ...members }, ...more })).toMatch(expected);
  });

  it.each<readonly [string, Partial<Container>, Omit<Entry, "container">]>([
    ["a container that runs", {}, {}],
    ["a process that has ended", { state: "exited", exitCode: 1 }, {}],
    ["a health check that has not passed yet", { health: "starting" }, {}],
    ["an update that worked", {}, { ...ended("update", "updated"), check: current }],
    ["an update that was refused", {}, { ...ended("update", "rejected"), check: outdated }],
    ["a failed update to a version that is not offered any more", {}, { ...ended("update", "failed"), check: current }],
    ["a failed restart", {}, ended("restart", "failed")],
  ])("is not %s", (_, members, more) => {
    expect(problemOf({ container: { ...container, ...members }, ...more })).toBeUndefined();
  });
});
