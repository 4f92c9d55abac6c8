import type { AutoUpdatePolicy } from "../core/auto-update.ts";
import type { Metrics } from "../core/metrics.ts";
import type { BrokerSession, Entry, Inventory } from "../core/ports.ts";
import type { Log } from "../lib/log.ts";
import { pause } from "../lib/time.ts";
import type { ComponentLedger } from "./components.ts";
import { createConfigs } from "./configs.ts";
import type { Departed } from "./departures.ts";
import { type DeviceContext, figuresExpireAfter } from "./discovery.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createSettling } from "./settling.ts";
import { containerState, containerStats, nodeState, nodeStats, updateState } from "./state.ts";
import type { Topics } from "./topics.ts";

/** What is said in one session with the broker. Nothing is repeated unless asked for. */
export interface Publisher {
  readonly container: (entry: Entry) => void;
  /** The container is gone; Home Assistant keeps its device as unavailable. */
  readonly gone: (name: string) => void;
  /** Removes the container's device and all its retained messages; `onRemoved` is called when the broker has taken that. */
  readonly retire: (name: string, onRemoved: () => void) => void;
  /** Is there something to keep on this topic, now or of a container that may come back? */
  readonly keeps: (topic: string) => boolean;
  /** Clears a retained message that nobody of this run has published. */
  readonly clear: (topic: string, onCleared: () => void) => void;
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
  /** Something that happened; `onTaken` is called when the broker has taken it. */
  readonly event: (message: object, onTaken?: () => void) => void;
  /** A message that is not kept: a result, or the answer to a request. */
  readonly tell: (topic: string, message: object, correlationData?: Buffer) => void;
}

export interface PublisherDependencies {
  readonly inventory: Inventory;
  readonly context: DeviceContext;
  readonly autoUpdateOf: (entry: Entry) => AutoUpdatePolicy;
  readonly departed: () => readonly Departed[];
  readonly ledger: ComponentLedger;
  /** False: states and commands only. */
  readonly discovery: boolean;
  readonly log: Log;
}

const settleMs = 5_000;
const devicesPerSecond = 20;
const settledAfterConfigsMs = 2_000;

export function openPublisher(session: BrokerSession, deps: PublisherDependencies): Publisher {
  const { inventory, context, departed, ledger, autoUpdateOf } = deps;
  const { topics } = context;
  const outbox = createOutbox(session, deps.log);
  const { retained, passing, event, figures } = kindsOf(outbox, context);
  const settling = createSettling(retained, settleMs, session.closed);
  const configs = createConfigs(settling, deps);

  const containerStates = (entry: Entry): void => {
    for (const [topic, state] of statesOf(entry, deps)) retained(topic, JSON.stringify(state));
  };
  const container = (entry: Entry): void => {
    configs.container(entry);
    retained(topics.availability(entry.container.name), "online");
    containerStates(entry);
  };
  const engine = (): void => retained(topics.engine, inventory.node().engine === undefined ? "offline" : "online");
  const node = (): void =>
    retained(topics.state, JSON.stringify(nodeState(inventory.all(), inventory.node(), context.version, autoUpdateOf)));
  const nodeStates = (): void => {
    retained(topics.status, "online");
    engine();
    node();
  };
  const gone = (name: string): void => retained(topics.availability(name), "offline");
  const stats = (name: string, metrics: Metrics): void => figures(topics.containerStats(name), containerStats(metrics));
  const everything = (): void => {
    configs.node();
    for (const entry of inventory.all()) container(entry);
    for (const { name, last } of departed()) {
      gone(name);
      if (last === undefined) continue;
      configs.container(last);
      containerStates(last);
    }
    nodeStates();
  };

  return {
    container,
    gone,
    engine,
    node,
    stats,
    everything,
    nodeStats: () => figures(topics.stats, nodeStats(knownMetrics(inventory).map(([, metrics]) => metrics))),
    keeps: (topic) => outbox.keeps(topic) || departed().some(({ name }) => topicsKeptFor(topics, name).includes(topic)),
    clear: (topic, onCleared) => retained(topic, "", onCleared),
    retire: (name, onRemoved) => {
      configs.drop(name);
      clear(outbox, topics, name, () => {
        ledger.setComponents(name, undefined);
        onRemoved();
      });
    },
    again: () => {
      outbox.forget();
      configs.forget();
      everything();
    },
    againPaced: async () => {
      outbox.forget();
      configs.greet();
      configs.node();
      for (const entry of [...inventory.all(), ...departed().flatMap(({ last }) => last ?? [])]) {
        await pause(1_000 / devicesPerSecond, session.closed);
        configs.container(inventory.get(entry.container.name) ?? entry);
      }
      await pause(settledAfterConfigsMs, session.closed);
      everything();
      for (const [name, metrics] of knownMetrics(inventory)) stats(name, metrics);
    },
    ...{ event, tell: passing },
  };
}

/** What stands on the topics of a container's state. */
function statesOf(
  entry: Entry,
  { context: { topics }, autoUpdateOf }: PublisherDependencies,
): readonly (readonly [topic: string, state: object])[] {
  const { name } = entry.container;
  return [
    [topics.containerState(name), containerState(entry, autoUpdateOf(entry))],
    [topics.update(name), updateState(entry)],
  ];
}

/** Clears all retained messages of a container; `onCleared` is called when the broker has taken that. */
function clear(outbox: Outbox, topics: Topics, name: string, onCleared: () => void): void {
  const kept = topicsKeptFor(topics, name);
  let left = kept.length;
  const onTaken = (): void => {
    left -= 1;
    if (left === 0) onCleared();
  };
  for (const topic of kept) outbox.put({ topic, payload: "", retain: true, qos: 1 }, onTaken);
}

/** The topics on which something of a container is kept. */
function topicsKeptFor(topics: Topics, name: string): readonly string[] {
  const { containerConfig, availability, containerState: state, update } = topics;
  return [containerConfig, availability, state, update].map((topicOf) => topicOf(name));
}

function knownMetrics(inventory: Inventory): readonly (readonly [string, Metrics])[] {
  return inventory.all().flatMap(({ container: { name } }) => {
    const metrics = inventory.metricsOf(name);
    return metrics === undefined ? [] : [[name, metrics] as const];
  });
}

interface Kinds {
  readonly retained: (topic: string, payload: string, onTaken?: () => void) => void;
  readonly passing: (topic: string, message: object, correlationData?: Buffer) => void;
  readonly event: (message: object, onTaken?: () => void) => void;
  readonly figures: (topic: string, message: object) => void;
}

function kindsOf(outbox: Outbox, { statsIntervalMs, topics }: DeviceContext): Kinds {
  const expirySeconds = figuresExpireAfter(statsIntervalMs);
  return {
    retained: (topic, payload, onTaken) => outbox.put({ topic, payload, retain: true, qos: 1 }, onTaken),
    figures: (topic, message) =>
      outbox.put({ topic, payload: JSON.stringify(message), retain: false, qos: 0, expirySeconds }),
    passing: (topic, message, correlationData) =>
      outbox.put({
        topic,
        payload: JSON.stringify(message),
        retain: false,
        qos: 1,
        ...(correlationData === undefined ? {} : { correlationData }),
      }),
    event: (message, onTaken) =>
      outbox.put({ topic: topics.event, payload: JSON.stringify(message), retain: false, qos: 1 }, onTaken),
  };
}
