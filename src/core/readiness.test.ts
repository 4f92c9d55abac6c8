import { describe, expect, it } from "vitest";
import { capturedContainer } from "../../test/captures.ts";
import type { ContainerInspect } from "./inspect.ts";
import { type Observation, observationFrom, readinessOf } from "./readiness.ts";

const second = 1_000_000_000;
const settings = { timeoutMs: 180_000, stableForMs: 15_000 };
/** A budget of its own of 0 + 3 × 10 + 2 × 5 + 15 = 55 s: the configured time-out is the longer one. */
const check = { Test: ["CMD", "x"], Interval: 10 * second, Timeout: 5 * second, Retries: 2 };

const up: Omit<Observation, "timeMs"> = {
  state: "running",
  health: "none",
  startedAt: "2026-01-01T00:00:00Z",
  restartCount: 0,
  restarting: false,
  restartable: true,
  exitCode: 0,
  outOfMemory: false,
  error: "",
};

/** Observations at so many seconds each. */
function seen(...moments: readonly (readonly [number, Partial<Observation>])[]): readonly Observation[] {
  return moments.map(([seconds, members]) => ({ ...up, ...members, timeMs: 1_000_000 + seconds * 1000 }));
}

const starting = { health: "starting" } as const;
const healthy = { health: "healthy" } as const;
const unhealthy = { health: "unhealthy" } as const;
const restarting = { state: "restarting", restarting: true, exitCode: 3 } as const;
const ready = { kind: "ready" };
const waiting = (secondsLeft: number) => ({ kind: "waiting", secondsLeft });
const failed = (words: string) => ({ kind: "failed", reason: expect.stringContaining(words) });

describe("the readiness of a container with a health check", () => {
  it.each([
    ["waits before the first look", seen(), waiting(180)],
    ["waits while it is starting", seen([0, starting], [100.5, starting]), waiting(80)],
    ["is ready when the check passes", seen([0, starting], [1, healthy]), ready],
    ["is ready late in its time", seen([0, starting], [179.9, healthy]), ready],
    [
      "fails when it is still starting at the end of its time",
      seen([0, starting], [180, starting]),
      failed("did not pass within 180 s"),
    ],
    [
      "gives an unhealthy one the time of one more probe",
      seen([0, starting], [30, unhealthy], [35, unhealthy]),
      waiting(5),
    ],
    [
      "fails one that stays unhealthy",
      seen([0, starting], [30, unhealthy], [40, unhealthy]),
      failed("health check fails"),
    ],
    ["is ready when an unhealthy one recovers", seen([0, starting], [30, unhealthy], [39, healthy]), ready],
    [
      "counts the grace anew after a recovery",
      seen([0, unhealthy], [5, starting], [20, unhealthy], [25, unhealthy]),
      waiting(5),
    ],
    [
      "does not trust the last word of one that restarts",
      seen([0, starting], [1, { ...restarting, ...healthy }]),
      waiting(179),
    ],
    [
      "fails an unhealthy one at the end of its time, grace or not",
      seen([0, starting], [175, unhealthy], [180, unhealthy]),
      failed("health check fails"),
    ],
  ])("%s", (_promise, observations, expected) => {
    expect(readinessOf(observations, check, settings)).toEqual(expected);
  });

  it.each([
    ["its own budget", { ...check, StartPeriod: 600 * second }, 655],
    [
      "the engine's defaults for what is left open",
      { Test: ["CMD-SHELL", "x"], StartPeriod: 60 * second },
      60 + 120 + 90 + 15,
    ],
    ["the engine's defaults for zeroes", { Test: ["CMD", "x"], Interval: 0, Timeout: 0, Retries: 0 }, 120 + 90 + 15],
    ["the configured time, if that is longer", check, 180],
  ])("has %s for a time-out", (_budget, healthcheck, seconds) => {
    expect(readinessOf(seen([0, starting]), healthcheck, settings)).toEqual(waiting(seconds));
  });
});

describe("the readiness of a container without a health check", () => {
  it.each([
    ["waits until it has been up for long enough", seen([0, {}], [14.9, {}]), waiting(166)],
    ["is ready then", seen([0, {}], [15, {}]), ready],
    ["is ready although it was not seen in between", seen([0, {}], [100, {}]), ready],
    [
      "counts anew after a restart",
      seen([0, {}], [10, { restartCount: 1, startedAt: "b" }], [20, { restartCount: 1, startedAt: "b" }]),
      waiting(160),
    ],
    [
      "counts anew after a restart that the clock does not show",
      seen([0, {}], [10, { restartCount: 1 }], [20, { restartCount: 1 }]),
      waiting(160),
    ],
    [
      "counts anew after a start by somebody else",
      seen([0, {}], [10, { startedAt: "b" }], [20, { startedAt: "b" }]),
      waiting(160),
    ],
    ["does not count the time between two runs", seen([0, {}], [10, restarting], [20, {}], [30, {}]), waiting(150)],
    ["takes a paused one for running", seen([0, { state: "paused" }], [15, { state: "paused" }]), ready],
    ["never takes a restarting one for running", seen([0, restarting], [60, restarting]), waiting(120)],
    [
      "fails one that still restarts at the end of its time",
      seen([0, restarting], [180, restarting]),
      failed("still restarting after 180 s: it exited with code 3"),
    ],
    [
      "fails one that never stays up",
      seen([0, {}], [170, { startedAt: "b" }], [180, { startedAt: "b" }]),
      failed("did not stay up"),
    ],
    [
      "fails one that was not started",
      seen([0, { state: "created", error: "no such device" }], [180, { state: "created", error: "no such device" }]),
      failed("not started within 180 s: no such device"),
    ],
  ])("%s", (_promise, observations, expected) => {
    expect(readinessOf(observations, undefined, settings)).toEqual(expected);
  });

  it.each([[undefined], [{}], [{ Test: [] }], [{ Test: null }], [{ Test: ["NONE"] }]])(
    "takes %j for no health check",
    (healthcheck) => {
      expect(readinessOf(seen([0, unhealthy], [15, unhealthy]), healthcheck, settings)).toEqual(ready);
    },
  );

  it("gets the time that it needs to be stable", () => {
    expect(readinessOf(seen([0, {}]), undefined, { timeoutMs: 10_000, stableForMs: 60_000 })).toEqual(waiting(75));
  });
});

describe.each([
  ["with", check],
  ["without", undefined],
])("the end of a container %s a health check", (_word, healthcheck) => {
  const exited = { state: "exited", exitCode: 1, restartable: false } as const;

  it.each([
    ["fails at once when it exits for good", seen([0, {}], [2, exited]), failed("exited with code 1")],
    [
      "fails at once when it exits with success",
      seen([0, {}], [2, { ...exited, exitCode: 0 }]),
      failed("exited with code 0"),
    ],
    [
      "says when memory ran out",
      seen([0, {}], [2, { ...exited, exitCode: 137, outOfMemory: true }]),
      failed("code 137 (out of memory)"),
    ],
    [
      "says what the engine says",
      seen([0, {}], [2, { ...exited, exitCode: 127, error: "no such file" }]),
      failed("code 127 (no such file)"),
    ],
    ["waits when it will be started again", seen([0, {}], [2, { ...exited, restartable: true }]), waiting(178)],
    [
      "fails in the end if it is not",
      seen([0, {}], [180, { ...exited, restartable: true }]),
      failed("exited with code 1"),
    ],
    ["fails at once when it is dead", seen([0, {}], [2, { state: "dead" }]), failed("is removing it")],
    ["fails at once when it is being removed", seen([0, {}], [2, { state: "removing" }]), failed("is removing it")],
    ["bears two restarts", seen([0, {}], [1, restarting], [2, { ...restarting, restartCount: 2 }]), waiting(178)],
    [
      "fails at the third",
      seen([0, {}], [1, restarting], [3, { restartCount: 3, startedAt: "d" }]),
      failed("code 3, 3 times restarted so far"),
    ],
    [
      "counts restarts from where it began to look",
      seen([0, { restartCount: 7 }], [1, { ...restarting, restartCount: 9 }]),
      waiting(179),
    ],
  ])("%s", (_promise, observations, expected) => {
    expect(readinessOf(observations, healthcheck, settings)).toEqual(expected);
  });
});

describe("what is seen of a container", () => {
  const plain = capturedContainer("plain");
  const withPolicy = (
    Name: string,
    MaximumRetryCount: number,
    ExitCode: number,
    RestartCount: number,
  ): ContainerInspect => ({
    ...plain,
    RestartCount,
    HostConfig: { ...plain.HostConfig, RestartPolicy: { Name, MaximumRetryCount } },
    State: { ...plain.State, ExitCode },
  });

  it("is what its inspect answer says", () => {
    expect(observationFrom(plain, 42)).toEqual({
      ...up,
      timeMs: 42,
      health: "starting",
      startedAt: plain.State.StartedAt,
      restartable: false,
    });
  });

  it.each([
    ["no", 0, 1, 0, false],
    ["", 0, 1, 0, false],
    ["always", 0, 0, 0, true],
    ["unless-stopped", 0, 0, 9, true],
    ["on-failure", 0, 1, 99, true],
    ["on-failure", 0, 0, 0, false],
    ["on-failure", 2, 1, 1, true],
    ["on-failure", 2, 1, 2, false],
  ])(
    "with policy %j, at most %i times, exit code %i, %i restarts: will be started again: %s",
    (name, limit, code, restarts, expected) => {
      expect(observationFrom(withPolicy(name, limit, code, restarts), 0).restartable).toBe(expected);
    },
  );

  it("knows containers without a policy", () => {
    const inspect = { ...plain, HostConfig: { ...plain.HostConfig, RestartPolicy: null } };

    expect(observationFrom(inspect, 0).restartable).toBe(false);
  });
});
