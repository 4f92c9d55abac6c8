import { describe, expect, it } from "vitest";
import { createRegistryLimits } from "./known-limits.ts";
import { createPace, takeFrom } from "./pace.ts";

/** When each of `count` questions that come at the same time may be asked, in milliseconds from then. */
function waits(count: number, start: Parameters<typeof takeFrom>[0], now: number) {
  const found: number[] = [];
  let bucket = start;
  for (let index = 0; index < count; index += 1) {
    const taken = takeFrom(bucket, now);
    bucket = taken.bucket;
    found.push(taken.waitMs);
  }
  return { waits: found, bucket };
}

describe("takeFrom", () => {
  it("gives ten at once, and then two in a second", () => {
    expect(waits(14, undefined, 5_000).waits).toEqual([...Array(10).fill(0), 500, 1_000, 1_500, 2_000]);
  });

  it("fills up again while nothing is asked, to ten at most", () => {
    const { bucket } = waits(10, undefined, 0);

    expect(waits(3, bucket, 1_000).waits).toEqual([0, 0, 500]);
    expect(waits(11, bucket, 3_600_000).waits).toEqual([...Array(10).fill(0), 500]);
  });
});

describe("createPace", () => {
  it("holds up only who has told of a limit, and nobody once it is aborted", async () => {
    const limits = createRegistryLimits();
    const pace = createPace({ limits, clock: { elapsed: () => 0 } });
    const stop = new AbortController();

    for (let count = 0; count < 100; count += 1) await pace("free", stop.signal);
    limits.put("strict", { toldAt: 0 });
    for (let count = 0; count < 10; count += 1) await pace("strict", stop.signal);
    const held = pace("strict", stop.signal);
    let isHeld = true;
    void held.then(() => {
      isHeld = false;
    });
    await new Promise(setImmediate);
    expect(isHeld).toBe(true);
    stop.abort();
    await held;
  });
});
