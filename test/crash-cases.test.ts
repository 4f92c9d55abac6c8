import { describe, expect, it } from "vitest";
import { allCases, sampleOf } from "./crash/cases.ts";

describe("the crash cases", () => {
  it("have each a name of its own", () => {
    const names = allCases().map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
  });

  it("are the same in every sample of the same seed, and others with another", () => {
    const namesFor = (seed: string) => sampleOf(allCases(), 20, seed).map(({ name }) => name);

    expect(namesFor("a")).toEqual(namesFor("a"));
    expect(namesFor("a")).not.toEqual(namesFor("b"));
    expect(new Set(namesFor("a")).size).toBe(20);
  });
});
