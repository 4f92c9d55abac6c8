import { isDeepStrictEqual } from "node:util";
import type { Metrics } from "../core/metrics.ts";
import type { NodeFacts } from "../core/node-facts.ts";
import { withOffer } from "../core/offer.ts";
import { isBackup, isUpdate, type OperationResult } from "../core/operation.ts";
import type { Entry, Inventory, InventoryChange } from "../core/ports.ts";
import { compareNaturally } from "../lib/text.ts";

/**
 * An empty inventory. What is set again unchanged is silence: nobody hears of it. `remembered` is asked what an earlier
 * run knew of a container that is put in for the first time.
 */
export function createInventory(remembered: (name: string) => Omit<Entry, "container"> = () => ({})): Inventory {
  const entries = new Map<string, Entry>();
  const metrics = new Map<string, Metrics>();
  const listeners = new Set<(change: InventoryChange) => void>();
  let node: NodeFacts = {};

  const tell = (change: InventoryChange): void => {
    for (const listener of [...listeners]) listener(change);
  };
  const put = (name: string, after: Entry): void => {
    const before = entries.get(name);
    if (before !== undefined && isDeepStrictEqual(before, after)) return;
    entries.set(name, after);
    tell(before === undefined ? { kind: "added", name, after } : { kind: "changed", name, before, after });
  };
  const amend = (name: string, members: Partial<Entry>): void => {
    const entry = entries.get(name);
    if (entry !== undefined) put(name, withOffer({ ...entry, ...members }));
  };

  const setNode = (after: NodeFacts): void => {
    const before = node;
    if (isDeepStrictEqual(before, after)) return;
    node = after;
    tell({ kind: "node", before, after });
  };

  return {
    get: (name) => entries.get(name),
    all: () => [...entries.values()].sort((a, b) => compareNaturally(a.container.name, b.container.name)),
    node: () => node,
    metricsOf: (name) => metrics.get(name),
    subscribe: (listener) => {
      listeners.add(listener);
      return {
        [Symbol.dispose]: () => void listeners.delete(listener),
      };
    },
    putContainer: (container, check) => {
      const entry = entries.get(container.name) ?? remembered(container.name);
      put(container.name, withOffer({ ...entry, container, ...(check === undefined ? {} : { check }) }));
    },
    remove: (name) => {
      const before = entries.get(name);
      if (before === undefined) return;
      entries.delete(name);
      metrics.delete(name);
      tell({ kind: "removed", name, before });
    },
    setCheck: (name, check) => amend(name, { check }),
    setResult: (name, lastResult) => amend(name, { lastResult, ...timesFrom(lastResult) }),
    setAutoUpdate: (name, autoUpdate) => amend(name, { autoUpdate }),
    setProgress: (name, progress) => amend(name, { progress }),
    clearProgress: (name, operation) => {
      const entry = entries.get(name);
      if (entry?.progress?.operation !== operation) return;
      const { progress: _, ...rest } = entry;
      put(name, rest);
    },
    setMetrics: (name, sample) => {
      if (!entries.has(name)) return;
      metrics.set(name, sample);
      tell({ kind: "metrics", name, metrics: sample });
    },
    setEngine: (engine) => {
      const { engine: _, ...rest } = node;
      setNode(engine === undefined ? rest : { ...rest, engine, isCounted: true });
    },
    setCheckTimes: (times) => setNode({ ...node, ...times }),
    setChecking: (isChecking) => {
      const { isChecking: _, ...rest } = node;
      setNode(isChecking ? { ...rest, isChecking } : rest);
    },
    setRegistryLimits: (registryLimits) => setNode({ ...node, registryLimits }),
    setDisk: (disk) => setNode({ ...node, disk }),
  };
}

/** Of what it was the last, where that is kept longer than the last result. */
function timesFrom(result: OperationResult): Pick<Entry, "lastUpdate" | "lastBackup"> {
  const { finishedAt } = result;
  return {
    ...(isUpdate(result) ? { lastUpdate: finishedAt } : {}),
    ...(isBackup(result) ? { lastBackup: finishedAt } : {}),
  };
}
