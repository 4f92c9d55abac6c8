import { describe, expect, it } from "vitest";
import { fuzzHttp } from "./http-fuzz.ts";

describe("whatever is sent to the HTTP doors", () => {
  // test/long sends ten thousand.
  it("is answered as the API knows it, and breaks nothing", async () => {
    await expect(fuzzHttp(300)).resolves.toBeDefined();
  }, 60_000);
});
