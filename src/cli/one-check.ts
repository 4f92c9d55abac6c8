import type { Config } from "../config/config.ts";
import type { Container } from "../core/container.ts";
import type { Engine, EngineIdentity, Entry, Inventory, Registry, RemoteImages } from "../core/ports.ts";
import { createInventory } from "../inventory/store.ts";
import { systemClock } from "../lib/time.ts";
import { checkForUpdates } from "../operations/check.ts";
import { createVersionSources } from "../operations/version-findings.ts";

/** What a single check is about. */
export interface OneCheck {
  readonly config: Pick<Config, "images">;
  readonly engine: Engine;
  readonly identity: EngineIdentity;
  readonly registry: Registry;
  readonly containers: readonly Container[];
  /** What is known of a container from earlier checks. */
  readonly remembered: (name: string) => Pick<Entry, "check">;
  readonly remoteImages: RemoteImages;
}

/** An inventory of these containers in which all have been checked, once. */
export async function checkOnce(
  { config, engine, identity, registry, containers, remembered, remoteImages }: OneCheck,
  signal: AbortSignal,
): Promise<Inventory> {
  const inventory = createInventory(remembered);
  inventory.setEngine(identity);
  for (const container of containers) inventory.putContainer(container);
  const clock = systemClock;
  const deps = {
    engine,
    registry,
    inventory,
    clock,
    remoteImages,
    versions: createVersionSources({ registry, clock }, config),
  };
  await checkForUpdates(deps, { kind: "check" }, signal);
  return inventory;
}
