import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config/config.ts";
import type { BrokerAddress, Surroundings } from "./connections.ts";
import { autoUpdatePolicy } from "./core/auto-update.ts";
import type { BrokerSession, Inventory, Operations } from "./core/ports.ts";
import type { Vault } from "./core/vault.ts";
import type { KnownEngine } from "./files/known.ts";
import { type Bridge, createBridge } from "./homeassistant/bridge.ts";
import { createSweep, type Sweep } from "./homeassistant/sweep.ts";
import { nodeDevice, topicsFor } from "./homeassistant/topics.ts";
import { createBroker } from "./mqtt/connection.ts";
import { orderRestore } from "./operations/restore-order.ts";
import { autoUpdateSettings } from "./procedures.ts";

export interface NodeBridgeDependencies {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly broker: BrokerAddress;
  readonly known: KnownEngine;
  readonly inventory: Inventory;
  readonly node: string;
  readonly operations: Operations;
  readonly vault: Pick<Vault, "list" | "planOf">;
  readonly newId: () => string;
  readonly onSession: (session: BrokerSession) => void;
}

/** A node's bridge and its connection to the broker, which ends when `signal` aborts. */
export function openBridge(
  deps: NodeBridgeDependencies,
  signal: AbortSignal,
): { readonly bridge: Bridge; readonly connected: Promise<void> } {
  const { config, known, node } = deps;
  const { clock, log, version } = deps.surroundings;
  const topics = topicsFor(node, config.mqtt.baseTopic, config.discovery.prefix);
  const bridge = createBridge(
    {
      ...deps,
      ledger: { ...known, load: known.devices, save: known.setDevices },
      sweep: sweepFor(deps),
      context: { node, topics, version, statsIntervalMs: config.stats.interval.ms, entities: config.entities },
      orderRestore: (wanted) => orderRestore({ ...deps, isAllowed: config.backup.restoreByMqtt, log }, wanted, signal),
      autoUpdateOf: (entry) => autoUpdatePolicy(entry, autoUpdateSettings(config)),
      settings: {
        discovery: config.discovery.enabled,
        birthTopic: config.discovery.birthTopic,
        graceMs: config.entities.grace.ms,
      },
      now: clock.now,
      log,
    },
    signal,
  );
  const farewell = { topic: topics.status, payload: "offline", retain: true, qos: 1 } as const;
  const broker = createBroker({ ...deps.broker, clientId: nodeDevice(node), farewell }, log);
  // What ended before there was a connection, as an operation that a helper container has finished, is told with the first.
  let untold: Parameters<Bridge["announce"]>[] | undefined = [];
  const announce: Bridge["announce"] = (...told) => {
    if (untold === undefined) bridge.announce(...told);
    else untold.push(told);
  };
  const onSession = (session: BrokerSession): void => {
    deps.onSession(session);
    bridge.onSession(session);
    for (const told of untold ?? []) bridge.announce(...told);
    untold = undefined;
  };
  return { bridge: { ...bridge, announce }, connected: broker.run({ onSession, onMessage: bridge.onMessage }, signal) };
}

/** What takes away the topics that earlier runs have left, also where the node or a prefix was another one then. */
function sweepFor({ config, known, node, surroundings }: NodeBridgeDependencies): Sweep {
  const place = { node, baseTopic: config.mqtt.baseTopic, discoveryPrefix: config.discovery.prefix };
  const before = known.place();
  if (before === undefined) known.setPlace(place);
  const former = isDeepStrictEqual(before, place) ? undefined : before;
  return createSweep({ place, former, onSettled: () => known.setPlace(place), log: surroundings.log });
}
