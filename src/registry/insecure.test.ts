import { describe, expect, it } from "vitest";
import { insecureHosts } from "./insecure.ts";

describe("insecureHosts", () => {
  it.each([
    ["127.0.0.1:5000", ["127.0.0.0/8"], true],
    ["127.9.9.9", ["127.0.0.0/8"], true],
    ["localhost:5000", ["127.0.0.0/8"], true],
    ["localhost:5000", ["::1/128"], false],
    ["[::1]:5000", ["::1/128"], true],
    ["[::1]:5000", ["127.0.0.0/8"], false],
    ["192.168.7.2:5000", ["192.168.0.0/16"], true],
    ["192.169.7.2:5000", ["192.168.0.0/16"], false],
    ["registry.lan:5000", ["registry.lan:5000"], true],
    ["REGISTRY.lan:5000", ["registry.LAN:5000"], true],
    ["registry.lan:5001", ["registry.lan:5000"], false],
    ["registry.lan", ["registry.lan:5000"], false],
    ["ghcr.io", ["127.0.0.0/8", "registry.lan"], false],
    ["10.0.0.1", ["10.0.0.1"], true],
    ["10.0.0.1", ["10.0.0.0/99", "10.0.0.0/", "/8", "nonsense/8", ""], false],
  ])("judges %s by %j: %s", (registry, list, expected) => {
    expect(insecureHosts(list)(registry)).toBe(expected);
  });
});
