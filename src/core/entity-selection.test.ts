import { describe, expect, it } from "vitest";
import { type EntityPreset, type EntityRank, entityNames, presenceOf } from "./entity-selection.ts";

describe("the presence of an entity", () => {
  const everyday: EntityRank = {};
  const basic: EntityRank = { from: "minimal" };
  const seldom: EntityRank = { isSeldomWanted: true };
  const rare: EntityRank = { from: "full" };

  it.each<readonly [EntityPreset, EntityRank, string]>([
    ["minimal", basic, "enabled"],
    ["minimal", everyday, "absent"],
    ["minimal", seldom, "absent"],
    ["minimal", rare, "absent"],
    ["standard", basic, "enabled"],
    ["standard", everyday, "enabled"],
    ["standard", seldom, "disabled"],
    ["standard", rare, "absent"],
    ["full", basic, "enabled"],
    ["full", everyday, "enabled"],
    ["full", seldom, "enabled"],
    ["full", rare, "enabled"],
  ])("in the preset %s of one of rank %j is: %s", (preset, rank, expected) => {
    expect(presenceOf("pids", rank, { preset, include: [], exclude: [] })).toBe(expected);
  });

  it("is granted to one that is asked for, and not to its namesake of the node", () => {
    const selection = { preset: "minimal", include: ["cpu"], exclude: [] } as const;

    expect(presenceOf("cpu", seldom, selection)).toBe("enabled");
    expect(presenceOf("node.cpu", seldom, selection)).toBe("absent");
  });

  it("is refused to one that is not wanted, whatever else is said", () => {
    expect(presenceOf("cpu", basic, { preset: "full", include: ["cpu"], exclude: ["cpu"] })).toBe("absent");
  });

  it("knows every name once", () => {
    expect(new Set(entityNames).size).toBe(entityNames.length);
  });
});
