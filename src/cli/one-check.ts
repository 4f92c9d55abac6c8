import type { Config } from "../config/config.ts";
import type { Container } from "../core/container.ts";
import type { Engine, EngineIdentity, Inventory, Registry } from "../core/ports.ts";
import { rememberRemoteImages } from "../files/remote-images.ts";
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
}

/** An inventory of these containers in which all have been checked, once. */
export async function checkOnce(
  { config, engine, identity, registry, containers }: OneCheck,
  signal: AbortSignal,
): Promise<Inventory> {
  const inventory = createInventory();
  inventory.setEngine(identity);
  for (const container of containers) inventory.putContainer(container);
  const clock = systemClock;
  const deps = {
    engine,
    registry,
    inventory,
    clock,
    // The program that runs beside this one has its own notes, in its data directory.
    remoteImages: rememberRemoteImages(),
    versions: createVersionSources({ registry, clock }, config),
    onLimited: () => {},
  };
  await checkForUpdates(deps, { kind: "check" }, signal);
  return inventory;
}
