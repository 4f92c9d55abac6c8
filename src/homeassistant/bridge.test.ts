import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Container } from "../core/container.ts";
import type { BrokerSession, Inventory, Publication } from "../core/ports.ts";
import { createInventory } from "../inventory/store.ts";
import { GangwayError } from "../lib/errors.ts";
import { type Bridge, createBridge } from "./bridge.ts";
import type { Components } from "./components.ts";
import type { EntitySettings } from "./discovery.ts";
import { topicsFor } from "./topics.ts";

const topics = topicsFor("nas", "gangway", "homeassistant");
const container = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  id: `id-${name}`,
  image: "nginx:1",
  imageId: "sha256:1",
  repoDigests: [],
  state: "running",
  health: "none",
  startedAt: null,
  finishedAt: null,
  restartCount: 0,
  exitCode: null,
  labels: {},
  ...more,
});

/** What is kept in `known.json`. */
interface Known {
  devices: ReadonlyMap<string, string | null>;
  readonly components: Map<string, Components>;
}

/** A session of a broker that forgets everything between two, and acknowledges when it is told to. */
function brokerSession(acknowledge = true) {
  const end = new AbortController();
  const sent: Publication[] = [];
  const subscriptions: [readonly string[], string | undefined][] = [];
  const pending: PromiseWithResolvers<void>[] = [];
  const session: BrokerSession = {
    closed: end.signal,
    inFlight: 100,
    publish: (publication) => {
      sent.push(publication);
      if (acknowledge) return Promise.resolve();
      const answer = Promise.withResolvers<void>();
      pending.push(answer);
      return answer.promise;
    },
    unsubscribe: () => Promise.resolve(),
    subscribe: (filters, kind) => {
      subscriptions.push([filters, kind]);
      return Promise.resolve();
    },
  };
  const payloads = (topic: string): readonly string[] =>
    sent.filter((publication) => publication.topic === topic).map(({ payload }) => payload);
  return {
    session,
    sent,
    subscriptions,
    payloads,
    last: (topic: string) => payloads(topic).at(-1),
    close: () => {
      end.abort();
      for (const { reject } of pending.splice(0)) reject(new GangwayError("broker_unreachable", "closed"));
    },
  };
}

const hour = 3_600_000;
const standard: EntitySettings = { preset: "standard", include: [], exclude: [] };
let end: AbortController;
let known: Known;
let inventory: Inventory;

beforeEach(() => {
  vi.useFakeTimers();
  known = { devices: new Map(), components: new Map() };
});
afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

/** Gangway, started on what is known. */
function started(statsIntervalMs = 30_000, entities: EntitySettings = standard): Bridge {
  end = new AbortController();
  inventory = createInventory();
  return createBridge(
    {
      inventory,
      operations: { submit: () => expect.unreachable() },
      ledger: {
        load: () => known.devices,
        save: (devices) => {
          known.devices = new Map(devices);
        },
        components: (device) => known.components.get(device) ?? {},
        setComponents: (device, components) => {
          if (components === undefined) known.components.delete(device);
          else known.components.set(device, components);
        },
      },
      sweep: { begin: () => {}, hear: () => {} },
      autoUpdateOf: () => ({ isOn: false }),
      context: { node: "nas", topics, version: "1", statsIntervalMs, entities },
      settings: { discovery: true, birthTopic: "homeassistant/status", graceMs: 24 * hour },
      newId: () => "id",
      now: () => Date.now(),
      log: { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} } as never,
    },
    end.signal,
  );
}

const componentsIn = (payload: string | undefined): Readonly<Record<string, object>> =>
  (JSON.parse(payload ?? "{}") as { readonly components: Readonly<Record<string, object>> }).components;

describe("a container that is gone", () => {
  it("keeps its device until the broker has taken its removal, over lost connections", async () => {
    const bridge = started();
    inventory.putContainer(container("web"));
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
    await vi.advanceTimersByTimeAsync(120_000);

    expect([...known.devices.keys()]).toEqual([]);
    expect([...known.components.keys()]).toEqual([""]);
    const own = second.sent.filter(({ topic }) => topic.includes("web")).map(({ topic }) => topic);
    for (const topic of own) expect(second.last(topic)).toBe("");
  });

  it("stands on a broker that has forgotten everything: unavailable, as it was last", async () => {
    const bridge = started();
    inventory.putContainer(container("web"));
    bridge.onSession(brokerSession().session);
    inventory.putContainer(container("web", { state: "exited", exitCode: 3 }));
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

describe("a device that has lost components", () => {
  it("is sent with stubs for them first, and without them five seconds later", async () => {
    started(30_000).onSession(brokerSession().session);
    inventory.putContainer(container("web"));
    await vi.advanceTimersByTimeAsync(0);
    end.abort();

    const bridge = started(0);
    inventory.putContainer(container("web"));
    const broker = brokerSession();
    bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(4_900);
    const configs = (): readonly Readonly<Record<string, object>>[] =>
      broker.payloads(topics.containerConfig("web")).map(componentsIn);
    expect(configs()).toMatchObject([{ cpu: { platform: "sensor" }, memory: { platform: "sensor" } }]);
    expect(configs()[0]?.["cpu"]).toEqual({ platform: "sensor" });
    expect(componentsIn(broker.last(topics.nodeConfig))["cpu"]).toEqual({ platform: "sensor" });
    await vi.advanceTimersByTimeAsync(200);

    expect(configs()).toHaveLength(2);
    expect(configs()[1]).not.toHaveProperty("cpu");
    expect(configs()[1]).toHaveProperty("power");
    expect(componentsIn(broker.last(topics.nodeConfig))).not.toHaveProperty("cpu");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(configs()).toHaveLength(2);
  });

  it("loses those that a smaller preset does not have, and keeps its ids", async () => {
    started().onSession(brokerSession().session);
    inventory.putContainer(container("web"));
    await vi.advanceTimersByTimeAsync(0);
    end.abort();

    const bridge = started(30_000, { preset: "minimal", include: ["cpu"], exclude: [] });
    inventory.putContainer(container("web"));
    const broker = brokerSession();
    bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(0);
    const [stubbed] = broker.payloads(topics.containerConfig("web")).map(componentsIn);
    expect(stubbed).toMatchObject({ cpu: { unique_id: "gangway_nas_web_cpu" }, problem: { name: "Problem" } });
    expect(stubbed?.["state"]).toEqual({ platform: "sensor" });
    expect(stubbed?.["auto_update"]).toEqual({ platform: "switch" });
    await vi.advanceTimersByTimeAsync(5_000);

    const left = ["update", "power", "restart", "problem", "cpu"];
    expect(Object.keys(componentsIn(broker.last(topics.containerConfig("web"))))).toEqual(left);
  });

  it("is sent with stubs again where the broker had not taken them", async () => {
    started(30_000).onSession(brokerSession().session);
    await vi.advanceTimersByTimeAsync(0);
    end.abort();
    const bridge = started(0);
    const deaf = brokerSession(false);
    bridge.onSession(deaf.session);
    await vi.advanceTimersByTimeAsync(10_000);
    deaf.close();
    await vi.advanceTimersByTimeAsync(0);

    const broker = brokerSession();
    bridge.onSession(broker.session);
    await vi.advanceTimersByTimeAsync(0);

    expect(componentsIn(broker.payloads(topics.nodeConfig)[0])["cpu"]).toEqual({ platform: "sensor" });
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
