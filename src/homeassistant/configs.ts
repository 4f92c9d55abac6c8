import type { Entry, Inventory } from "../core/ports.ts";
import { type ComponentLedger, componentsOf, type Discovery, withStubs } from "./components.ts";
import { containerDiscovery, type DeviceContext, nodeDiscovery } from "./discovery.ts";
import type { Settling } from "./settling.ts";

/** The discovery payloads of one session. */
export interface Configs {
  readonly container: (entry: Entry) => void;
  readonly node: () => void;
  /** The container's device is being removed: nothing of it is sent any more. */
  readonly drop: (name: string) => void;
}

export interface ConfigDependencies {
  readonly inventory: Pick<Inventory, "get">;
  readonly context: DeviceContext;
  readonly ledger: ComponentLedger;
  /** False: none are sent. */
  readonly discovery: boolean;
}

/**
 * Publishes discovery payloads when they have settled. Components that a device has lost are sent as stubs first; once
 * the broker has that, the payload is rendered anew, without them, and waits its turn.
 */
export function createConfigs(settling: Settling, deps: ConfigDependencies): Configs {
  const { inventory, context, ledger } = deps;
  const { topics } = context;
  const configure = (device: string, topic: string, payload: Discovery, again: () => void): void => {
    if (!deps.discovery) return;
    const before = ledger.components(device);
    const stubbed = withStubs(payload, before);
    // Noted before it is sent: what Home Assistant may have heard of must get its stub one day.
    ledger.setComponents(device, { ...before, ...componentsOf(payload) });
    settling.offer(topic, JSON.stringify(stubbed), () => {
      if (stubbed === payload) return;
      ledger.setComponents(device, componentsOf(payload));
      again();
    });
  };
  const container = (entry: Entry): void => {
    const { name } = entry.container;
    const again = (): void => container(inventory.get(name) ?? entry);
    configure(name, topics.containerConfig(name), containerDiscovery(entry, context), again);
  };
  const node = (): void => configure("", topics.nodeConfig, nodeDiscovery(context), node);
  return { container, node, drop: (name) => settling.forget(topics.containerConfig(name)) };
}
