import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type BridgeRun,
  brokerSession,
  type KnownDevices,
  standardEntities,
  startBridge,
  topics,
} from "../../test/bridge-run.ts";
import { runningContainer } from "../../test/running-container.ts";

let run: BridgeRun;
let known: KnownDevices;

beforeEach(() => {
  vi.useFakeTimers();
  known = { devices: new Map(), components: new Map() };
});
afterEach(() => {
  run.end();
  vi.useRealTimers();
});

type Settings = Parameters<typeof startBridge>[1];
type Components = Readonly<Record<string, object>>;

const minimal: Settings = { entities: { ...standardEntities, preset: "minimal" } };
const withoutStatistics: Settings = { statsIntervalMs: 0 };

/** A run with one container, connected to a broker, a second after its start. */
async function started(settings?: Settings, broker = brokerSession()) {
  run = startBridge(known, settings);
  run.inventory.putContainer(runningContainer("web"));
  run.bridge.onSession(broker.session);
  await vi.advanceTimersByTimeAsync(1_000);
  return {
    ...broker,
    /** The components of the container's device, or of the node's, in each payload so far. */
    sentFor: (topic = topics.containerConfig("web")) =>
      broker.payloads(topic).map((payload) => (JSON.parse(payload) as { readonly components: Components }).components),
  };
}

const say = (payload: string): void =>
  run.bridge.onMessage({ topic: "homeassistant/status", payload, retained: false });
const stub = { platform: "sensor" };
const isWhole = (component: object | undefined): boolean => component !== undefined && "unique_id" in component;

describe("a device that has lost components", () => {
  beforeEach(async () => {
    await started();
    run.end();
  });

  it("is sent with stubs for them, which stay until Home Assistant has said that it is there", async () => {
    const { sentFor } = await started(withoutStatistics);
    await vi.advanceTimersByTimeAsync(600_000);

    expect(sentFor()).toHaveLength(1);
    expect(sentFor()[0]).toMatchObject({ cpu: stub, memory: stub });
    expect(sentFor()[0]?.["cpu"]).toEqual(stub);
    expect(isWhole(sentFor()[0]?.["power"])).toBe(true);
    expect(sentFor(topics.nodeConfig).map((components) => components["cpu"])).toEqual([stub]);
  });

  it("is sent as it was to one that has started, for a stub means nothing to it before, and then with stubs", async () => {
    const { sentFor, sent } = await started(withoutStatistics);
    say("online");
    await vi.advanceTimersByTimeAsync(60_000);

    for (const topic of [topics.containerConfig("web"), topics.nodeConfig]) {
      const [, again, stubbed, ...after] = sentFor(topic);
      expect(isWhole(again?.["cpu"])).toBe(true);
      expect(stubbed?.["cpu"]).toEqual(stub);
      expect(after).toHaveLength(1);
      expect(after[0]).not.toHaveProperty("cpu");
      const times = sent.filter((one) => one.topic === topic).map(({ at }) => at);
      // Home Assistant loses components of a device where a second payload comes while it is at work on the first.
      for (const [index, at] of times.entries()) expect(at - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(1_000);
      expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(5_000);
      expect((times[3] ?? 0) - (times[2] ?? 0)).toBeGreaterThanOrEqual(5_000);
    }
  });

  it("has nothing more to say of them to the next one that starts, nor in the next run", async () => {
    const first = await started(withoutStatistics);
    say("online");
    await vi.advanceTimersByTimeAsync(60_000);
    const count = first.sentFor().length;
    say("online");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(first.sentFor().slice(count)).toEqual([first.sentFor().at(-1)]);
    run.end();

    const second = await started(withoutStatistics);

    expect(second.sentFor()).toEqual([first.sentFor().at(-1)]);
  });

  it("does not forget them over a restart before that", async () => {
    await started(withoutStatistics);
    run.end();

    const { sentFor } = await started(withoutStatistics);

    expect(sentFor()[0]?.["cpu"]).toEqual(stub);
  });

  it("has them as before where the setting is taken back", async () => {
    await started(minimal);
    run.end();

    const { sentFor } = await started();
    say("online");
    await vi.advanceTimersByTimeAsync(60_000);

    for (const components of sentFor()) expect(Object.values(components).every(isWhole)).toBe(true);
  });

  it("loses those that a smaller preset does not have, and keeps its ids", async () => {
    const { sentFor } = await started({ entities: { ...standardEntities, preset: "minimal", include: ["cpu"] } });
    expect(sentFor()[0]).toMatchObject({ cpu: { unique_id: "gangway_nas_web_cpu" }, problem: { name: "Problem" } });
    expect(sentFor()[0]?.["state"]).toEqual(stub);
    expect(sentFor()[0]?.["auto_update"]).toEqual({ platform: "switch" });
    say("online");
    await vi.advanceTimersByTimeAsync(60_000);

    expect(Object.keys(sentFor().at(-1) ?? {})).toEqual(["update", "power", "restart", "problem", "cpu"]);
  });

  it("begins anew where the broker had not taken what was said of them", async () => {
    const deaf = await started(withoutStatistics, brokerSession(false));
    say("online");
    await vi.advanceTimersByTimeAsync(60_000);
    deaf.close();
    await vi.advanceTimersByTimeAsync(0);

    const broker = brokerSession();
    run.bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(0);

    expect(broker.payloads(topics.nodeConfig)[0]).toContain('"cpu":{"platform":"sensor"}');
  });
});

describe("a device that is as it was", () => {
  it("is not sent again, whatever happens to its container, but to a Home Assistant that has started", async () => {
    const { sentFor } = await started();
    run.inventory.putContainer(runningContainer("web", { state: "exited", exitCode: 1, labels: {} }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sentFor()).toHaveLength(1);

    say("online");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sentFor()).toHaveLength(2);
    run.bridge.rediscover();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sentFor()).toHaveLength(3);
    expect(new Set(sentFor().map((components) => JSON.stringify(components))).size).toBe(1);
  });
});
