import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BridgeRun, brokerSession, startBridge, topics } from "../../test/bridge-run.ts";
import { runningContainer } from "../../test/running-container.ts";
import { noMetrics } from "../core/metrics.ts";

/* When and in which order the bridge publishes, and what it costs. */

// Many messages on a machine that may have much else to do: how long that takes is not the subject.
vi.setConfig({ testTimeout: 30_000 });

let run: BridgeRun;
beforeEach(() => {
  vi.useFakeTimers();
  run = startBridge({ devices: new Map(), components: new Map() });
});
afterEach(() => {
  run.end();
  vi.useRealTimers();
});

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `web${index}`);

function putContainers(count: number): void {
  run.inventory.setEngine({
    hostName: "nas",
    version: "26.1.5",
    apiVersion: "1.45",
    containerdStore: false,
    insecureRegistries: [],
  });
  for (const name of names(count)) run.inventory.putContainer(runningContainer(name));
}

const isConfig = (topic: string): boolean => topic.startsWith("homeassistant/device/");

describe("a session", () => {
  it("begins with the node's device, and has each device before the states that it reads", async () => {
    putContainers(3);
    const broker = brokerSession();
    run.bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(0);

    const order = broker.sent.map(({ topic }) => topic);
    expect(order[0]).toBe(topics.nodeConfig);
    for (const name of names(3)) {
      const config = order.indexOf(topics.containerConfig(name));
      expect(config).toBeGreaterThan(0);
      for (const topic of [topics.availability(name), topics.containerState(name), topics.update(name)]) {
        expect(order.indexOf(topic)).toBeGreaterThan(config);
      }
    }
    expect(order.indexOf(topics.state)).toBeGreaterThan(0);
    expect(broker.sent.every(({ retain, qos }) => retain && qos === 1)).toBe(true);
  });

  it("begins with all of it again after each loss, and repeats nothing in between", async () => {
    putContainers(3);
    const first = brokerSession();
    run.bridge.onSession(first.session);
    await vi.advanceTimersByTimeAsync(10_000);
    const before = new Map(first.sent.map(({ topic, payload }) => [topic, payload]));
    expect(first.sent).toHaveLength(before.size);
    for (const name of names(3)) run.inventory.putContainer(runningContainer(name));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(first.sent).toHaveLength(before.size);
    first.close();

    const second = brokerSession();
    run.bridge.onSession(second.session);
    await vi.advanceTimersByTimeAsync(10_000);

    expect(new Map(second.sent.map(({ topic, payload }) => [topic, payload]))).toEqual(before);
  });
});

describe("a change", () => {
  it("of a state is published at once, however fast they come; of a device it waits for the last", async () => {
    putContainers(1);
    const broker = brokerSession();
    run.bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(10_000);
    const before = broker.sent.length;

    for (const image of ["nginx:2", "nginx:3", "nginx:4"]) {
      run.inventory.putContainer(runningContainer("web0", { image }));
      await vi.advanceTimersByTimeAsync(10);
    }

    const sent = broker.sent.slice(before).filter(({ topic }) => topic !== topics.state);
    expect(sent.filter(({ topic }) => topic === topics.containerState("web0"))).toHaveLength(3);
    // The first is at once here too: the one before it was ten seconds ago.
    expect(sent.filter(({ topic }) => isConfig(topic))).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(broker.payloads(topics.containerConfig("web0")).at(-1)).toContain("nginx:4");
    expect(broker.payloads(topics.containerConfig("web0"))).toHaveLength(3);
  });

  it("by a recreation removes nothing: what comes again under the name is the same device", async () => {
    putContainers(1);
    const broker = brokerSession();
    run.bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(10_000);

    run.inventory.remove("web0");
    await vi.advanceTimersByTimeAsync(60_000);
    run.inventory.putContainer(runningContainer("web0", { id: "another" }));
    await vi.advanceTimersByTimeAsync(25 * 3_600_000);

    expect(broker.sent.filter(({ payload }) => payload === "")).toEqual([]);
    expect(broker.payloads(topics.containerConfig("web0"))).toHaveLength(1);
    expect(broker.payloads(topics.availability("web0"))).toEqual(["online", "offline", "online"]);
  });
});

describe("figures", () => {
  it("are not kept by the broker, and are worth nothing when Home Assistant lets them expire", async () => {
    putContainers(1);
    const broker = brokerSession();
    run.bridge.onSession(broker.session);
    run.inventory.setMetrics("web0", { ...noMetrics, cpuPercent: 12.345, memoryBytes: 1_048_576 });
    await vi.advanceTimersByTimeAsync(2_000);

    const figures = broker.sent.filter(({ topic }) => topic.endsWith("/stats"));
    const config = JSON.parse(broker.last(topics.containerConfig("web0")) ?? "") as {
      readonly components: { readonly cpu: { readonly expire_after: number } };
    };
    expect(figures.map(({ topic }) => topic)).toEqual([topics.containerStats("web0"), topics.stats]);
    for (const figure of figures) {
      expect(figure).toMatchObject({ retain: false, qos: 0, expirySeconds: config.components.cpu.expire_after });
    }
    expect(JSON.parse(figures[0]?.payload ?? "")).toMatchObject({ cpu_percent: 12.3, net_rx_rate: null });
  });
});

describe("the answer to a birth", () => {
  it("has twenty devices a second, then, when they have settled, all states and one figure of each", async () => {
    putContainers(40);
    run.inventory.setMetrics("web7", { ...noMetrics, cpuPercent: 1 });
    const broker = brokerSession();
    run.bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(1_000);
    const before = broker.sent.length;

    run.bridge.onMessage({ topic: "homeassistant/status", payload: "online", retained: false });
    await vi.advanceTimersByTimeAsync(60_000);

    const answer = broker.sent.slice(before);
    const configs = answer.filter(({ topic }) => isConfig(topic));
    const states = answer.filter(({ topic }) => topic.endsWith("/state"));
    expect(configs).toHaveLength(41);
    for (const { at } of configs) {
      expect(configs.filter((other) => other.at >= at && other.at < at + 1_000).length).toBeLessThanOrEqual(21);
    }
    expect(states).toHaveLength(41);
    expect((states[0]?.at ?? 0) - (configs.at(-1)?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
    expect(answer.filter(({ topic }) => topic === topics.containerStats("web7"))).toHaveLength(1);
  });
});

describe("a broker that takes nothing any more", () => {
  it("is sent a few messages only, and later the newest of each topic", async () => {
    putContainers(20);
    const broker = brokerSession(false);
    run.bridge.onSession(broker.session);
    for (let change = 0; change < 200; change++) {
      run.inventory.putContainer(runningContainer(`web${change % 20}`, { restartCount: change }));
    }
    for (let sample = 0; sample < 2_000; sample++) {
      run.inventory.setMetrics(`web${sample % 20}`, { ...noMetrics, cpuPercent: sample });
    }
    await vi.advanceTimersByTimeAsync(5_000);
    expect(broker.sent).toHaveLength(32);

    for (let round = 0; round < 60; round++) {
      broker.acknowledge();
      await vi.advanceTimersByTimeAsync(0);
    }

    // Four topics of each container, as many of the node, and no more than a thousand of what is not retained.
    expect(broker.sent.length).toBeLessThan(32 + 20 * 4 + 4 + 1_001);
    for (const change of [180, 199]) {
      expect(broker.last(topics.containerState(`web${change % 20}`))).toContain(`"restart_count":${change}`);
    }
  });
});
