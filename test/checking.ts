import { join } from "node:path";
import { installedVersion, latestVersion } from "../src/core/entry.ts";
import type { Entry } from "../src/core/ports.ts";
import type { CheckRecord } from "../src/core/update-status.ts";
import { openEngine } from "../src/docker/engine.ts";
import { openRemoteImages } from "../src/files/remote-images.ts";
import { readContainers } from "../src/inventory/read-containers.ts";
import { createInventory } from "../src/inventory/store.ts";
import { checkForUpdates } from "../src/operations/check.ts";
import type { Bed } from "./bed/bed.ts";
import { type ClientWishes, openClient } from "./registry/client.ts";

/** What a check came to, and what it cost. */
export interface Checked {
  readonly records: ReadonlyMap<string, CheckRecord>;
  /** `HEAD`, `GET`: in the order in which they came to the registry. */
  readonly requests: readonly string[];
  readonly versions: (name: string) => readonly (string | undefined)[];
}

/** Gangway's checks of a bed's containers, with the notes of earlier ones, and nothing else of it. */
export interface Checker {
  readonly check: () => Promise<Checked>;
  /** As after a restart: only what is in files is left. */
  readonly restart: () => Promise<void>;
}

let runs = 0;

export function checkerOf(bed: Bed, wishes: ClientWishes = {}): Checker {
  const path = join(bed.directory, `images-${++runs}.json`);
  const checks = new Map<string, CheckRecord>();
  const remembered = (name: string): Omit<Entry, "container"> => {
    const check = checks.get(name);
    return check === undefined ? {} : { check };
  };
  let inventory = createInventory(remembered);
  return {
    check: async () => {
      const engine = openEngine({ host: bed.engine.host });
      const signal = AbortSignal.timeout(60_000);
      inventory.setEngine(await engine.identify(signal));
      const found = await readContainers(engine, signal);
      for (const { container } of inventory.all()) {
        if (!found.some(({ name }) => name === container.name)) inventory.remove(container.name);
      }
      for (const container of found) inventory.putContainer(container);
      await using client = openClient(wishes);
      const files = {
        onDamage: ({ reason }: { reason: string }) => Promise.reject(new Error(reason)) as never,
        onFailure: (error: unknown) => Promise.reject(error) as never,
      };
      await using notes = await openRemoteImages(path, files);
      bed.registry.clearRequests();
      const clock = { now: () => Date.now() };
      const remoteImages = notes.engine("bed");
      const deps = { engine, registry: client.registry, remoteImages, inventory, clock } as never;
      await checkForUpdates(deps, { kind: "check" }, signal);
      const records = new Map(
        inventory.all().flatMap(({ container: { name }, check }) => (check ? [[name, check]] : [])),
      );
      for (const [name, check] of records) checks.set(name, check);
      return {
        records,
        requests: bed.registry.requests().flatMap(({ from, method }) => (from === "host" ? [method] : [])),
        versions: (name) => {
          const entry = inventory.get(name);
          return entry === undefined ? [] : [installedVersion(entry), latestVersion(entry)];
        },
      };
    },
    restart: async () => {
      inventory = createInventory(remembered);
      await Promise.resolve();
    },
  };
}
