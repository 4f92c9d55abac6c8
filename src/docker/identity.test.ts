import { describe, expect, it } from "vitest";
import { negotiate } from "./identity.ts";

describe("negotiate", () => {
  it.each([
    ["Docker 20.10", "1.41", "1.12", "1.41"],
    ["Docker 26", "1.45", "1.24", "1.45"],
    ["Docker 29", "1.52", "1.44", "1.51"],
    ["an engine that does not say what is its oldest", "1.43", undefined, "1.43"],
    ["an engine that is too old", "1.40", "1.12", undefined],
    ["an engine that is too new", "1.60", "1.52", undefined],
    ["versions as numbers, not as texts", "1.100", "1.9", "1.51"],
  ])("speaks with %s", (_, newest, oldest, chosen) => {
    expect(negotiate(newest, oldest)).toBe(chosen);
  });
});
