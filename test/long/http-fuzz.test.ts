import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { fuzzHttp } from "../http-fuzz.ts";

describe("ten thousand requests of every kind", () => {
  it("are answered as the API knows it, break nothing, and leave nothing behind in memory", async () => {
    setFlagsFromString("--expose-gc");
    Object.assign(globalThis, { gc: runInNewContext("gc") as unknown });
    const { before, after } = await fuzzHttp(10_000);

    expect(after - before).toBeLessThan(16 * 1024 * 1024);
  });
});
