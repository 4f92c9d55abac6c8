import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { brokerSession, hour, type KnownDevices, startBridge, topics } from "../../test/bridge-run.ts";
import { runningContainer } from "../../test/running-container.ts";
import type { Inventory } from "../core/ports.ts";
import type { CheckRecord } from "../core/update-status.ts";
import type { Bridge } from "./bridge.ts";

let end: AbortController;
let known: KnownDevices;
let inventory: Inventory;

beforeEach(() => {
  vi.useFakeTimers();
  known = { devices: new Map(), components: new Map(), untold: new Map() };
});
afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

/** Gangway, started on what is known. */
function started(): Bridge {
  const run = startBridge(known);
  inventory = run.inventory;
  end = new AbortController();
  end.signal.addEventListener("abort", run.end);
  return run.bridge;
}

const componentsIn = (payload: string | undefined): Readonly<Record<string, object>> =>
  (JSON.parse(payload ?? "{}") as { readonly components: Readonly<Record<string, object>> }).components;

describe("a container that is gone", () => {
  it("keeps its device until the broker has taken its removal, over lost connections", async () => {
    const bridge = started();
    inventory.putContainer(runningContainer("web"));
    const first = brokerSession(false);
    bridge.onSession(first.session);
    inventory.remove("web");
    await vi.advanceTimersByTimeAsync(24 * hour + 60_000);
    expect(first.last(topics.containerConfig("web"))).toBe("");
    expect([...known.devices.keys()]).toEqual(["web"]);
    first.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([...known.devices.keys()]).toEqual(["web"]);

    const second = brokerSession();
    bridge.onSession(second.session);
    await vi.advanceTimersByTimeAsync(180_000);

    expect([...known.devices.keys()]).toEqual([]);
    expect([...known.components.keys()]).toEqual([""]);
    const own = second.sent.filter(({ topic }) => topic.includes("web")).map(({ topic }) => topic);
    for (const topic of own) expect(second.last(topic)).toBe("");
  });

  it("keeps its device while Home Assistant is away, which would never learn of its removal", async () => {
    const bridge = started();
    const broker = brokerSession();
    bridge.onSession(broker.session);
    inventory.putContainer(runningContainer("web"));
    const say = (payload: string): void =>
      bridge.onMessage({ topic: "homeassistant/status", payload, retained: false });
    say("offline");
    inventory.remove("web");
    await vi.advanceTimersByTimeAsync(48 * hour);
    expect(broker.last(topics.containerConfig("web"))).not.toBe("");

    say("online");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(broker.last(topics.containerConfig("web"))).not.toBe("");
    await vi.advanceTimersByTimeAsync(90_000);

    expect(broker.last(topics.containerConfig("web"))).toBe("");
    expect([...known.devices.keys()]).toEqual([]);
  });

  it("stands on a broker that has forgotten everything: unavailable, as it was last", async () => {
    const bridge = started();
    inventory.putContainer(runningContainer("web"));
    bridge.onSession(brokerSession().session);
    inventory.putContainer(runningContainer("web", { state: "exited", exitCode: 3 }));
    inventory.remove("web");

    const fresh = brokerSession();
    bridge.onSession(fresh.session);
    await vi.advanceTimersByTimeAsync(0);

    expect(fresh.last(topics.availability("web"))).toBe("offline");
    expect(JSON.parse(fresh.last(topics.containerState("web")) ?? "")).toMatchObject({ exit_code: 3 });
    expect(componentsIn(fresh.last(topics.containerConfig("web")))).toHaveProperty("power");
    expect(fresh.last(topics.update("web"))).toBeDefined();
  });
});

describe("Home Assistant's birth", () => {
  const birth = { topic: "homeassistant/status", payload: "online" };

  it("is listened to as it happens: one that the broker has kept is an old one", async () => {
    const bridge = started();
    const broker = brokerSession();
    bridge.onSession(broker.session);

    expect(broker.subscriptions).toEqual([
      [topics.commandFilters, "all"],
      [["homeassistant/status"], "live"],
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    const before = broker.sent.length;
    bridge.onMessage({ ...birth, retained: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(broker.sent).toHaveLength(before);
  });

  it("is answered once, however often it is said in a moment", async () => {
    const bridge = started();
    const broker = brokerSession();
    bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(1_000);
    const before = broker.payloads(topics.nodeConfig).length;

    for (let time = 0; time < 3; time++) bridge.onMessage({ ...birth, retained: false });
    await vi.advanceTimersByTimeAsync(60_000);

    expect(broker.payloads(topics.nodeConfig).length - before).toBe(1);
  });
});

describe("a new version that is found while there is no broker", () => {
  const outdated = (letter: string): CheckRecord => ({
    status: "update_available",
    verdict: "update_available",
    reason: "",
    checkedAt: "",
    imageId: "sha256:1",
    reference: "nginx:1",
    latestDigest: `sha256:${letter.repeat(64)}`,
  });

  it("is told of when one is there, once, with the time of the finding, and only the newest", async () => {
    vi.setSystemTime("2026-01-01T00:00:00Z");
    const bridge = started();
    inventory.setEngine({ hostName: "", version: "", apiVersion: "", containerdStore: false, insecureRegistries: [] });
    inventory.putContainer(runningContainer("web"));
    inventory.setCheck("web", outdated("a"));
    inventory.setCheck("web", outdated("b"));
    await vi.advanceTimersByTimeAsync(hour);
    const first = brokerSession();
    bridge.onSession(first.session);
    await vi.advanceTimersByTimeAsync(0);

    expect(first.payloads(topics.event).map((payload) => JSON.parse(payload) as object)).toMatchObject([
      { event_type: "update_available", time: "2026-01-01T00:00:00Z", to: "1 (bbbbbbbbbbbb)" },
    ]);
    first.close();
    inventory.setCheck("web", outdated("c"));
    const second = brokerSession();
    bridge.onSession(second.session);
    await vi.advanceTimersByTimeAsync(0);
    expect(second.payloads(topics.event)).toHaveLength(1);
    expect(second.last(topics.event)).toContain("cccccccccccc");
  });

  it("is told of again until a broker has taken it", async () => {
    const bridge = started();
    inventory.putContainer(runningContainer("web"));
    const halfOpen = brokerSession(false);
    bridge.onSession(halfOpen.session);
    halfOpen.acknowledge();
    await vi.advanceTimersByTimeAsync(0);
    inventory.setCheck("web", outdated("a"));
    inventory.putContainer(runningContainer("web", { restartCount: 1 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(halfOpen.payloads(topics.event)).toHaveLength(1);
    halfOpen.close();

    for (const times of [1, 0]) {
      const next = brokerSession();
      bridge.onSession(next.session);
      await vi.advanceTimersByTimeAsync(0);
      expect(next.payloads(topics.event)).toHaveLength(times);
    }
  });

  it("is told of by the next run, if there was no broker in this one", async () => {
    vi.setSystemTime("2026-01-01T00:00:00Z");
    started();
    inventory.putContainer(runningContainer("web"));
    inventory.setCheck("web", outdated("a"));
    end.abort();
    await vi.advanceTimersByTimeAsync(hour);

    const bridge = started();
    const broker = brokerSession();
    bridge.onSession(broker.session);
    inventory.putContainer(runningContainer("web"), outdated("a"));
    await vi.advanceTimersByTimeAsync(0);

    expect(broker.payloads(topics.event).map((payload) => JSON.parse(payload) as object)).toMatchObject([
      { event_type: "update_available", container: "web", time: "2026-01-01T00:00:00Z" },
    ]);
    expect(known.untold?.size).toBe(0);
  });

  it("is told of only while it is on offer", async () => {
    const bridge = started();
    inventory.putContainer(runningContainer("web"));
    inventory.setCheck("web", outdated("a"));
    inventory.setCheck("web", { ...outdated("a"), status: "up_to_date", verdict: "up_to_date" });
    const broker = brokerSession();
    bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(0);
    expect(broker.payloads(topics.event)).toEqual([]);

    inventory.setCheck("web", outdated("a"));
    await vi.advanceTimersByTimeAsync(0);
    expect(broker.payloads(topics.event)).toHaveLength(1);
  });

  it("is not told of when that is installed by now, or the container gone", async () => {
    const bridge = started();
    const update = {
      id: "op",
      command: "update",
      state: "updated",
      message: "",
      startedAt: "",
      finishedAt: "",
    } as const;
    for (const name of ["web", "db"]) {
      inventory.putContainer(runningContainer(name));
      inventory.setCheck(name, outdated("a"));
    }
    bridge.announce({ ...update, container: "web" });
    inventory.remove("db");
    const broker = brokerSession();
    bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(0);

    expect(broker.payloads(topics.event)).toEqual([]);
  });
});
