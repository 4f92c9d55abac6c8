import { isDeepStrictEqual } from "node:util";
import type { Entry, Inventory } from "../core/ports.ts";
import {
  type ComponentLedger,
  type Components,
  componentsOf,
  type Discovery,
  lostFrom,
  withStubs,
} from "./components.ts";
import { containerDiscovery, type DeviceContext, deviceFacts, nodeDiscovery } from "./discovery.ts";
import type { Settling } from "./settling.ts";

/** The discovery payloads of one session. */
export interface Configs {
  /** Sends the container's device, unless it is as it was when it was sent last. */
  readonly container: (entry: Entry) => void;
  readonly node: () => void;
  /** What comes next is sent, whether it has changed or not. */
  readonly forget: () => void;
  /** Home Assistant has just started: the same, and components that are gone are taken away from it for certain. */
  readonly greet: () => void;
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

/** A device, and how its payload is rendered: as it is to be, and with those of these components that it could have. */
interface Device {
  /** In the ledger. */
  readonly name: string;
  readonly topic: string;
  readonly render: (also?: Components) => Discovery;
  /** Sends it once more, as it is then. */
  readonly again: () => void;
}

/**
 * Publishes discovery payloads when they have settled. A component that a device has lost is sent as a stub, which
 * makes Home Assistant remove its entity, if it is there to hear that. Whether it is, nobody knows before it says that it
 * has started: so the stubs stay until then. A Home Assistant that has been away does not heed a stub for a component
 * that it has not heard of since its start. It is told of the lost ones once more, then of their stubs, and then they
 * are forgotten.
 */
export function createConfigs(settling: Settling, deps: ConfigDependencies): Configs {
  const { inventory, context, ledger } = deps;
  const { topics } = context;
  const rendered = new Map<string, unknown>();
  const reminded = new Set<string>();
  let isGreeted = false;

  const configure = ({ name, topic, render, again }: Device): void => {
    if (!deps.discovery) return;
    const payload = render();
    const before = ledger.components(name);
    const lost = lostFrom(payload, before);
    // Noted before it is sent: what Home Assistant may have heard of must get its stub one day.
    ledger.setComponents(name, { ...lost, ...componentsOf(payload) });
    const offer = (offered: Discovery, onTaken?: () => void): void =>
      settling.offer(topic, JSON.stringify(offered), onTaken);
    if (Object.keys(lost).length === 0) {
      offer(payload);
    } else if (!isGreeted) {
      offer(withStubs(payload, lost));
    } else if (!reminded.has(name)) {
      offer(withStubs(render(lost), lost), () => {
        reminded.add(name);
        again();
      });
    } else {
      offer(withStubs(payload, lost), () => {
        ledger.setComponents(name, componentsOf(payload));
        again();
      });
    }
  };
  const container = (entry: Entry): void => {
    const { name } = entry.container;
    const facts = deviceFacts(entry);
    const before = rendered.get(name);
    rendered.set(name, facts);
    if (isDeepStrictEqual(before, facts)) return;
    configure({
      name,
      topic: topics.containerConfig(name),
      render: (also) => containerDiscovery(entry, context, also),
      again: () => {
        rendered.delete(name);
        container(inventory.get(name) ?? entry);
      },
    });
  };
  const node = (): void =>
    configure({ name: "", topic: topics.nodeConfig, render: (also) => nodeDiscovery(context, also), again: node });

  return {
    container,
    node,
    forget: () => rendered.clear(),
    greet: () => {
      rendered.clear();
      reminded.clear();
      isGreeted = true;
    },
    drop: (name) => {
      rendered.delete(name);
      settling.forget(topics.containerConfig(name));
    },
  };
}
