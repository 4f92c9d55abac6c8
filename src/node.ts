import { randomBytes } from "node:crypto";
import type { Config, EngineConfig } from "./config/config.ts";
import { type BrokerAddress, openRegistryOf, type Surroundings } from "./connections.ts";
import type { OperationResult } from "./core/operation.ts";
import type { BrokerSession, Engine, Entry, Inventory, Journal } from "./core/ports.ts";
import { isSelected } from "./core/selection.ts";
import type { History } from "./files/history.ts";
import type { KnownEngine } from "./files/known.ts";
import { createBridge } from "./homeassistant/bridge.ts";
import { nodeDevice, topicsFor } from "./homeassistant/topics.ts";
import { pollStats } from "./inventory/poll-stats.ts";
import { scheduleChecks } from "./inventory/schedule.ts";
import { createInventory } from "./inventory/store.ts";
import { watchContainers } from "./inventory/watch.ts";
import { slugOf } from "./lib/text.ts";
import { untilAborted } from "./lib/time.ts";
import { createBroker } from "./mqtt/connection.ts";
import { createRecovery } from "./operations/recover.ts";
import { createRunner } from "./operations/runner.ts";
import { proceduresFor, updateDependencies } from "./procedures.ts";

export interface NodeDependencies {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly engine: Engine;
  readonly broker: BrokerAddress;
  readonly known: KnownEngine;
  readonly history: History;
  readonly journal: Journal;
}

/** One engine with all that serves it. */
export interface Node {
  /** Are engine and broker there? */
  readonly isReady: () => boolean;
  /** Resolves when the node has ended, after the signal aborted. */
  readonly ended: Promise<void>;
}

/** What is under way when the end comes gets this long to finish or to reach a safe point. */
const graceMs = 30_000;
const newOperation = (): string => randomBytes(4).toString("hex");

/** Serves one engine until `signal` aborts, and what was begun is finished or at a safe point. */
export function openNode(deps: NodeDependencies, engineConfig: EngineConfig, signal: AbortSignal): Node {
  const { known, history } = deps;
  const inventory = createInventory((name) => {
    const node = known.node();
    const check = known.check(name);
    const lastResult = node === undefined ? undefined : history.last(node, name);
    return { ...(check === undefined ? {} : { check }), ...(lastResult === undefined ? {} : { lastResult }) };
  });
  let session: BrokerSession | undefined;
  const onSession = (opened: BrokerSession): void => {
    session = opened;
  };
  return {
    isReady: () => inventory.node().engine !== undefined && session?.closed.aborted === false,
    ended: serve(deps, { engineConfig, inventory, onSession }, signal),
  };
}

interface Subject {
  readonly engineConfig: EngineConfig;
  readonly inventory: Inventory;
  readonly onSession: (session: BrokerSession) => void;
}

async function serve(deps: NodeDependencies, subject: Subject, signal: AbortSignal): Promise<void> {
  const { config, engine, known } = deps;
  const { log } = deps.surroundings;
  const { engineConfig, inventory } = subject;
  // What watches and publishes outlives the wish to end: the last operations are still to be told of.
  const lifetime = new AbortController();
  const isWatched = ({ name, labels }: Entry["container"]): boolean => isSelected(name, labels, config.containers);
  const watched = watchContainers({ engine, inventory, isWatched, log }, lifetime.signal);
  inventory.subscribe((change) => {
    if (change.kind === "removed") known.setCheck(change.name, undefined);
    if (change.kind === "changed" && change.after.check !== change.before.check) {
      known.setCheck(change.name, change.after.check);
    }
  });
  const node = await nodeFor(engineConfig, known, inventory, signal);
  if (node !== undefined) await serveNode(deps, subject, node, signal, lifetime);
  lifetime.abort();
  await watched;
}

async function serveNode(
  deps: NodeDependencies,
  { inventory, onSession }: Subject,
  node: string,
  signal: AbortSignal,
  lifetime: AbortController,
): Promise<void> {
  const { config, surroundings, known, history } = deps;
  const { clock, log, version, ownContainerId } = surroundings;
  await using registry = openRegistryOf(config, surroundings, () => inventory.node().engine?.insecureRegistries ?? []);
  const topics = topicsFor(node, config.mqtt.baseTopic, config.discovery.prefix);
  const statsIntervalMs = config.stats.interval.ms;
  const rediscover = (): void => bridge.rediscover();
  const working = { ...deps, registry, inventory, node, ownContainerId, rediscover, clock, log };
  const onResult = (result: OperationResult): void => {
    if (result.command !== "check" && result.command !== "rediscover") history.add({ ...result, node });
    bridge.announce(result);
  };
  const recovery = createRecovery({ ...updateDependencies(working), onResult }, signal);
  const runner = createRunner({
    inventory,
    procedures: proceduresFor(working),
    newOperation,
    ready: recovery.done,
    onResult,
    clock,
    log,
  });
  const bridge = createBridge(
    {
      inventory,
      operations: runner,
      ledger: { load: known.devices, save: known.setDevices },
      context: { node, topics, version, statsIntervalMs },
      settings: {
        discovery: config.discovery.enabled,
        birthTopic: config.discovery.birthTopic,
        graceMs: config.entities.grace.ms,
      },
      newId: newOperation,
      now: clock.now,
      log,
    },
    lifetime.signal,
  );
  const farewell = { topic: topics.status, payload: "offline", retain: true, qos: 1 } as const;
  const broker = createBroker({ ...deps.broker, clientId: nodeDevice(node), farewell }, log);
  const connected = broker.run(
    {
      onSession: (session) => {
        onSession(session);
        bridge.onSession(session);
      },
      onMessage: bridge.onMessage,
    },
    lifetime.signal,
  );
  void scheduleChecks(
    { inventory, operations: runner, clock },
    { schedule: config.check.schedule, onStart: config.check.onStart },
    signal,
  );
  if (statsIntervalMs > 0) void pollStats({ engine: deps.engine, inventory, log }, statsIntervalMs, signal);
  await untilAborted(signal);
  await runner.stop(graceMs);
  lifetime.abort();
  await connected;
}

/**
 * The engine's short name in topics: as configured, as it was resolved once, or, when the engine answers for the first
 * time, from its host name. Undefined where `signal` aborts before that.
 */
async function nodeFor(
  { node: configured }: EngineConfig,
  known: KnownEngine,
  inventory: Inventory,
  signal: AbortSignal,
): Promise<string | undefined> {
  const settled = configured ?? known.node();
  if (settled !== undefined) {
    known.setNode(settled);
    return settled;
  }
  const answered = Promise.withResolvers<string>();
  using _ = inventory.subscribe(() => {
    const { engine } = inventory.node();
    if (engine !== undefined) answered.resolve(slugOf(engine.hostName) || "docker");
  });
  const node = await Promise.race([answered.promise, untilAborted(signal)]);
  if (node === undefined) return undefined;
  known.setNode(node);
  return node;
}
