import type { Metrics } from "../core/metrics.ts";
import type { BrokerSession, Entry, Inventory } from "../core/ports.ts";
import { pause } from "../lib/time.ts";
import { containerDiscovery, type DeviceContext, nodeDiscovery } from "./discovery.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createSettling } from "./settling.ts";
import { containerState, containerStats, nodeState, nodeStats, updateState } from "./state.ts";

/** What is said in one session with the broker. Nothing is repeated unless asked for. */
export interface Publisher {
  readonly container: (entry: Entry) => void;
  /** The container is gone; Home Assistant keeps its device as unavailable. */
  readonly gone: (name: string) => void;
  /** Removes the container's device and all its retained messages. */
  readonly retire: (name: string) => void;
  /** Whether the engine is reachable. */
  readonly engine: () => void;
  readonly node: () => void;
  readonly stats: (name: string, metrics: Metrics) => void;
  readonly nodeStats: () => void;
  readonly everything: () => void;
  /** Like `everything`, also what the broker has been told already. */
  readonly again: () => void;
  /** Like `again`, slowly enough for a Home Assistant that has just started. */
  readonly againPaced: () => Promise<void>;
  /** A message that is not kept: a result, or the answer to a request. */
  readonly tell: (topic: string, message: object, correlationData?: Buffer) => void;
}

export interface PublisherDependencies {
  readonly inventory: Inventory;
  readonly context: DeviceContext;
  /** Containers that are gone, but still have a device. */
  readonly departed: () => readonly string[];
  /** False: states and commands only. */
  readonly discovery: boolean;
}

const settleMs = 5_000;
const devicesPerSecond = 20;
const settledAfterConfigsMs = 2_000;

export function openPublisher(session: BrokerSession, deps: PublisherDependencies): Publisher {
  const { inventory, context, departed } = deps;
  const { topics } = context;
  const outbox = createOutbox(session);
  const { retained, passing } = kindsOf(outbox);
  const settling = createSettling(retained, settleMs, session.closed);
  const configure = (topic: string, payload: object): void => {
    if (deps.discovery) settling.offer(topic, JSON.stringify(payload));
  };

  const containerConfig = (entry: Entry): void =>
    configure(topics.containerConfig(entry.container.name), containerDiscovery(entry, context));
  const containerStates = (entry: Entry): void => {
    const { name } = entry.container;
    retained(topics.availability(name), "online");
    retained(topics.containerState(name), JSON.stringify(containerState(entry)));
    retained(topics.update(name), JSON.stringify(updateState(entry)));
  };
  const container = (entry: Entry): void => {
    containerConfig(entry);
    containerStates(entry);
  };
  const engine = (): void => retained(topics.engine, inventory.node().engine === undefined ? "offline" : "online");
  const node = (): void =>
    retained(topics.state, JSON.stringify(nodeState(inventory.all(), inventory.node(), context.version)));
  const nodeConfig = (): void => configure(topics.nodeConfig, nodeDiscovery(context));
  const nodeStates = (): void => {
    retained(topics.status, "online");
    engine();
    node();
  };
  const gone = (name: string): void => retained(topics.availability(name), "offline");
  const stats = (name: string, metrics: Metrics): void =>
    passing(topics.containerStats(name), containerStats(metrics), 0);
  const everything = (): void => {
    nodeConfig();
    for (const entry of inventory.all()) container(entry);
    for (const name of departed()) gone(name);
    nodeStates();
  };

  return {
    container,
    gone,
    engine,
    node,
    stats,
    everything,
    nodeStats: () => passing(topics.stats, nodeStats(knownMetrics(inventory).map(([, metrics]) => metrics)), 0),
    retire: (name) => {
      const { containerConfig: config, availability, containerState: state, update } = topics;
      for (const topicOf of [config, availability, state, update]) retained(topicOf(name), "");
    },
    again: () => {
      outbox.forget();
      everything();
    },
    againPaced: async () => {
      outbox.forget();
      nodeConfig();
      for (const entry of inventory.all()) {
        await pause(1_000 / devicesPerSecond, session.closed);
        containerConfig(inventory.get(entry.container.name) ?? entry);
      }
      await pause(settledAfterConfigsMs, session.closed);
      everything();
      for (const [name, metrics] of knownMetrics(inventory)) stats(name, metrics);
    },
    tell: (topic, message, correlationData) => passing(topic, message, 1, correlationData),
  };
}

function knownMetrics(inventory: Inventory): readonly (readonly [string, Metrics])[] {
  return inventory.all().flatMap(({ container: { name } }) => {
    const metrics = inventory.metricsOf(name);
    return metrics === undefined ? [] : [[name, metrics] as const];
  });
}

interface Kinds {
  readonly retained: (topic: string, payload: string) => void;
  readonly passing: (topic: string, message: object, qos: 0 | 1, correlationData?: Buffer) => void;
}

function kindsOf(outbox: Outbox): Kinds {
  return {
    retained: (topic, payload) => outbox.put({ topic, payload, retain: true, qos: 1 }),
    passing: (topic, message, qos, correlationData) =>
      outbox.put({
        topic,
        payload: JSON.stringify(message),
        retain: false,
        qos,
        ...(correlationData === undefined ? {} : { correlationData }),
      }),
  };
}
