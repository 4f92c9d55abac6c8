import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { brokerSession, container, startBridge } from "../bridge-run.ts";

/* What the bridge itself keeps. It takes seconds, and that is why it stands here. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("the bridge's memory stays as it is over 10,000 changes and 50 lost connections of 200 containers", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed / 1_048_576;
  };
  const { bridge, inventory, end } = startBridge({ devices: new Map(), components: new Map() });
  let restarts = 0;
  const live = async (): Promise<void> => {
    const broker = brokerSession();
    bridge.onSession(broker.session);
    for (let index = 0; index < 200; index++) {
      inventory.putContainer(container(`web${index}`, { restartCount: restarts++ }));
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(broker.sent.length).toBeGreaterThan(800);
    broker.close();
  };
  // The first lives warm up what is made once.
  for (let life = 0; life < 5; life++) await live();
  const before = used();
  for (let life = 0; life < 50; life++) await live();
  const grown = used() - before;
  end();

  console.info(`grown by ${grown.toFixed(2)} MiB`);
  expect(grown).toBeLessThan(2);
});
