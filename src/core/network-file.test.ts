import { describe, expect, it } from "vitest";
import { networkFileFrom, networkFileName } from "./network-file.ts";

const at = Date.parse("2026-11-21T18:01:02Z");

describe("the name of a network's file", () => {
  it("says whose it is, and of when", () => {
    expect(networkFileName("lan_a.b", at)).toBe("network_lan_a.b_20261121T180102Z.json");
    expect(networkFileFrom("network_lan_a.b_20261121T180102Z.json")).toEqual({
      network: "lan_a.b",
      createdAt: "2026-11-21T18:01:02Z",
    });
  });

  it.each(["a/b", "../x", "", " ", ".x", "x".repeat(250)])("is none for %j", (network) => {
    expect(networkFileName(network, at)).toBeUndefined();
  });

  it.each(["network_lan_20261321T180102Z.json", "network_lan.json", "lan_20261121T180102Z.json", "../network_x"])(
    "is not %s",
    (file) => {
      expect(networkFileFrom(file)).toBeUndefined();
    },
  );
});
