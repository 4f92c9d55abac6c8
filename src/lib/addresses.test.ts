import { describe, expect, it } from "vitest";
import { addressRangeFrom, addressSet, holderOf, plainAddress } from "./addresses.ts";

describe("plainAddress", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7:4711", "192.0.2.7"],
    [" 192.0.2.7 ", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:0207", "192.0.2.7"],
    ["::FFFF:C000:207", "192.0.2.7"],
    ["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"],
    ["[::ffff:192.0.2.7]:80", "192.0.2.7"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
    // An IPv4-compatible address is no mapped one.
    ["::192.0.2.7", "::c000:207"],
  ])("%s is %s", (text, plain) => {
    expect(plainAddress(text)).toBe(plain);
  });

  it.each([
    "",
    "unknown",
    "_hidden",
    "localhost",
    "192.0.2",
    "192.0.2.256",
    "010.0.0.1",
    "1.2.3.4/8",
    "2001:db8::g",
    "[]",
    "::1:80:",
  ])("%j is none", (text) => {
    expect(plainAddress(text)).toBeUndefined();
  });
});

describe("addressSet", () => {
  it.each([
    ["127.0.0.0/8", "127.1.2.3", true],
    ["127.0.0.0/8", "::ffff:127.0.0.1", true],
    ["127.0.0.0/8", "128.0.0.1", false],
    ["10.0.0.9/24", "10.0.0.200", true],
    ["10.0.0.9", "10.0.0.9", true],
    ["10.0.0.9", "10.0.0.10", false],
    ["0.0.0.0/0", "203.0.113.5", true],
    ["0.0.0.0/0", "::ffff:203.0.113.5", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::/0", "2001:db8::1", true],
    // Whether a server listens on IPv4 or on both makes no difference.
    ["::/0", "203.0.113.5", false],
    ["::/0", "::ffff:203.0.113.5", false],
    ["::ffff:10.0.0.0/104", "10.255.0.1", true],
    ["::ffff:10.0.0.0/104", "11.0.0.1", false],
    ["2001:db8::/32", "2001:DB8:ffff::1", true],
    ["fe80::/10", "fe80::1%eth0", true],
    ["::1", "::1", true],
    ["::1", "::2", false],
    ["10.0.0.0/8", "not an address", false],
  ])("%s has %s: %s", (range, address, expected) => {
    expect(addressSet([range]).has(address)).toBe(expected);
  });

  it("is empty without ranges", () => {
    expect(addressSet([]).has("127.0.0.1")).toBe(false);
  });
});

describe("addressRangeFrom", () => {
  it.each([
    "",
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "::ffff:10.0.0.0/95",
    "example.org",
    "fe80::1%eth0",
    "all",
  ])("refuses %j", (text) => {
    expect(addressRangeFrom(text)).toBeUndefined();
  });
});

describe("holderOf", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::", "fe80:0:0:0::/64"],
  ])("%s stands for %s", (address, holder) => {
    expect(holderOf(address)).toBe(holder);
  });
});
