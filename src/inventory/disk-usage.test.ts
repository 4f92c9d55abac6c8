import { describe, expect, it } from "vitest";
import type { Disk, DiskUsage } from "../core/disk.ts";
import { GangwayError } from "../lib/errors.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import { watchDiskUsage } from "./disk-usage.ts";
import { createInventory } from "./store.ts";

const log = createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() });
const usage: DiskUsage = {
  layerBytes: 1_000,
  images: [
    { id: "a", bytes: 700, uniqueBytes: 300, isUsed: false },
    { id: "b", bytes: 700, uniqueBytes: 200, isUsed: true },
  ],
  containers: [{ id: "a", bytes: null }],
  volumes: [
    { id: "a", bytes: 50, isUsed: true },
    { id: "b", bytes: 30, isUsed: false },
  ],
  buildCache: [
    { id: "a", bytes: 5, description: "", type: "regular", isUsed: false, isShared: true },
    { id: "b", bytes: 7, description: "", type: "regular", isUsed: false, isShared: false },
  ],
};

/** A watch with next to no pauses but for the long one; `asked` counts. */
function watch(answer: () => Promise<DiskUsage>, intervalMs = 3_600_000) {
  const inventory = createInventory();
  const ending = new AbortController();
  const told: (() => void)[] = [];
  let asked = 0;
  const engine: Pick<Disk, "usage"> = {
    usage: async () => {
      asked += 1;
      for (const tell of told.splice(0)) tell();
      return await answer();
    },
  };
  inventory.setEngine({
    ...{ hostName: "nas", version: "26.1.5", apiVersion: "1.45", containerdStore: false, insecureRegistries: [] },
  });
  const { look } = watchDiskUsage({ engine, inventory, log }, ending.signal, { settleMs: 1, intervalMs });
  return {
    inventory,
    look,
    asked: () => asked,
    nextAsked: () => new Promise<void>((resolve) => told.push(resolve)),
    known: () =>
      new Promise<void>((resolve) => inventory.subscribe(() => (inventory.node().disk === undefined ? 0 : resolve()))),
    end: () => ending.abort(),
  };
}

describe("the use of the disk", () => {
  it("is read once, and again only when something was removed", async () => {
    const { inventory, known, look, asked, nextAsked, end } = watch(() => Promise.resolve(usage));
    await known();

    expect(inventory.node().disk).toEqual({
      imageBytes: 1_000,
      reclaimableImageBytes: 300,
      volumeBytes: 80,
      reclaimableVolumeBytes: 30,
      containerBytes: null,
      buildCacheBytes: 7,
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked()).toBe(1);
    const again = nextAsked();
    look();
    await again;
    expect(asked()).toBe(2);
    end();
  });

  it("is read again where something was removed while it was read", async () => {
    const reading = Promise.withResolvers<DiskUsage>();
    const { look, asked, nextAsked, end } = watch(() => (asked() === 1 ? reading.promise : Promise.resolve(usage)));
    await nextAsked();
    look();
    const again = nextAsked();
    reading.resolve(usage);
    await again;

    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(asked()).toBe(2);
    end();
  });

  it("is not known while the engine cannot tell it in time, and asked for again", async () => {
    let fails = true;
    const { known, inventory, asked, end } = watch(() => {
      const failing = fails;
      fails = false;
      return failing ? Promise.reject(new GangwayError("timeout", "It took too long.")) : Promise.resolve(usage);
    }, 1);
    await known();

    expect(asked()).toBeGreaterThanOrEqual(2);
    expect(inventory.node().disk).toMatchObject({ imageBytes: 1_000 });
    end();
  });
});
