import { describe, expect, it } from "vitest";
import { proxyFor } from "./proxy.ts";

const https = new URL("http://secure.proxy:1");
const http = new URL("http://plain.proxy:2");
const through = (url: string, except: string) => proxyFor(new URL(url), { https, http, except })?.host;

describe("proxyFor", () => {
  it("takes the proxy of the scheme, or none", () => {
    expect(through("https://ghcr.io/v2/", "")).toBe("secure.proxy:1");
    expect(through("http://ghcr.io/v2/", "")).toBe("plain.proxy:2");
    expect(proxyFor(new URL("http://ghcr.io"), { https, except: "" })).toBeUndefined();
  });

  it.each([
    "https://localhost:5000",
    "https://me.localhost",
    "https://127.0.0.1:5000",
    "https://127.9.9.9",
    "https://[::1]:5000",
  ])("goes to %s without", (url) => {
    expect(through(url, "")).toBeUndefined();
  });

  it.each([
    ["https://registry.lan", "registry.lan"],
    ["https://registry.lan", "REGISTRY.lan"],
    ["https://registry.lan.", "registry.lan"],
    ["https://registry.lan", "registry.lan."],
    ["https://registry.lan", "other,registry.lan"],
    ["https://registry.lan", " other  registry.lan "],
    ["https://a.registry.lan", "registry.lan"],
    ["https://registry.lan", ".lan"],
    ["https://lan", ".lan"],
    ["https://registry.lan", "*.lan"],
    ["https://registry.lan", "*"],
    ["https://registry.lan:5000", "registry.lan:5000"],
    ["https://registry.lan", "registry.lan:443"],
    ["http://registry.lan", "registry.lan:80"],
    ["https://registry.lan:5000", "*:5000"],
    ["https://192.0.2.7:5000", "192.0.2.7"],
    ["https://192.0.2.7:5000", "192.0.2.0/24"],
    ["https://[2001:db8::7]:5000", "2001:db8::7"],
    ["https://[2001:db8::7]:5000", "[2001:db8::7]:5000"],
    ["https://[2001:db8::7]:5000", "2001:db8::/32"],
  ])("goes to %s without where %s is excepted", (url, except) => {
    expect(through(url, except)).toBeUndefined();
  });

  it.each([
    ["https://registry.lan", "istry.lan"],
    ["https://registry.lan", "registry"],
    ["https://lan", "*.lan"],
    ["https://registry.lan:5000", "registry.lan:443"],
    ["https://registry.lan", "*:5000"],
    ["https://192.0.3.7", "192.0.2.0/24"],
    ["https://192.0.2.7", "192.0.2.0/99"],
    ["https://192.0.2.7", "2001:db8::/32"],
    ["https://192.0.2.7", ":::/0, 1.2.3/8, [], :443"],
    ["https://registry.lan", "0.0.0.0/0"],
  ])("goes to %s through the proxy where %s is excepted", (url, except) => {
    expect(through(url, except)).toBe("secure.proxy:1");
  });
});
