import type { UntoldOffer } from "../src/core/offer.ts";
import type { BrokerSession, Inventory, Publication } from "../src/core/ports.ts";
import { type Bridge, createBridge } from "../src/homeassistant/bridge.ts";
import type { Components } from "../src/homeassistant/components.ts";
import type { EntitySettings } from "../src/homeassistant/discovery.ts";
import { topicsFor } from "../src/homeassistant/topics.ts";
import { createInventory } from "../src/inventory/store.ts";
import { GangwayError } from "../src/lib/errors.ts";

/*
 * The bridge without engine and broker: its inventory is filled by the test, and its broker is a session that does as
 * the test says.
 */

export const topics = topicsFor("nas", "gangway", "homeassistant");

/** What is kept in `known.json`. */
export interface KnownDevices {
  devices: ReadonlyMap<string, string | null>;
  readonly components: Map<string, Components>;
  readonly untold?: Map<string, UntoldOffer>;
}

/** A message, and when it was sent (milliseconds, by the clock of the run). */
export interface Sent extends Publication {
  readonly at: number;
}

/** A session of a broker that forgets everything between two, and acknowledges when it is told to. */
export function brokerSession(acknowledge = true) {
  const end = new AbortController();
  const sent: Sent[] = [];
  const subscriptions: [readonly string[], string | undefined][] = [];
  const pending: PromiseWithResolvers<void>[] = [];
  const session: BrokerSession = {
    closed: end.signal,
    inFlight: 100,
    publish: (publication) => {
      sent.push({ ...publication, at: Date.now() });
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
    /** Acknowledges what has been sent so far. */
    acknowledge: () => {
      for (const { resolve } of pending.splice(0)) resolve();
    },
    close: () => {
      end.abort();
      for (const { reject } of pending.splice(0)) reject(new GangwayError("broker_unreachable", "closed"));
    },
  };
}

export const hour = 3_600_000;
export const standardEntities: EntitySettings = { preset: "standard", include: [], exclude: [] };

/** A run of Gangway, with what it knows from the ones before. */
export interface BridgeRun {
  readonly bridge: Bridge;
  readonly inventory: Inventory;
  readonly end: () => void;
}

/** Starts the bridge on what is known. */
export function startBridge(
  known: KnownDevices,
  {
    statsIntervalMs = 30_000,
    entities = standardEntities,
  }: { statsIntervalMs?: number; entities?: EntitySettings } = {},
): BridgeRun {
  const end = new AbortController();
  const inventory = createInventory();
  const { untold = new Map<string, UntoldOffer>() } = known;
  const bridge = createBridge(
    {
      inventory,
      operations: {
        submit: () => {
          throw new Error("nothing was asked for");
        },
      },
      ledger: {
        load: () => known.devices,
        save: (devices) => {
          known.devices = new Map(devices);
        },
        untold: (name) => untold.get(name),
        setUntold: (name, offer) => {
          if (offer === undefined) untold.delete(name);
          else untold.set(name, offer);
        },
        components: (device) => known.components.get(device) ?? {},
        setComponents: (device, components) => {
          if (components === undefined) known.components.delete(device);
          else known.components.set(device, components);
        },
      },
      sweep: { begin: () => {}, hear: () => {} },
      autoUpdateOf: () => ({ isOn: false }),
      orderRestore: () => Promise.reject(new Error("nothing was asked for")),
      context: { node: "nas", topics, version: "1", statsIntervalMs, entities },
      settings: { discovery: true, birthTopic: "homeassistant/status", graceMs: 24 * hour },
      newId: () => "id",
      now: () => Date.now(),
      log: { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} } as never,
    },
    end.signal,
  );
  return { bridge, inventory, end: () => end.abort() };
}
