import { describe, expect, it } from "vitest";
import type { ContainerInspect } from "./inspect.ts";
import { endpointFrom, isWayToEngine } from "./way-to-engine.ts";

describe("the endpoint in an engine's address", () => {
  it.each([
    ["unix:///var/run/docker.sock", undefined],
    ["tcp://socket-proxy:2375", { host: "socket-proxy", port: "2375" }],
    ["tcp://[fd00::2]:2375", { host: "fd00::2", port: "2375" }],
    ["https://engine.lan", { host: "engine.lan", port: "2376" }],
    ["http://10.0.0.2", { host: "10.0.0.2", port: "2375" }],
  ])("of %s is %j", (host, expected) => {
    expect(endpointFrom(host)).toEqual(expected);
  });
});

describe("the container through which the engine is reached", () => {
  const container = (name: string, Networks: object, Ports: object = {}): ContainerInspect =>
    ({ Name: `/${name}`, NetworkSettings: { Networks, Ports } }) as unknown as ContainerInspect;
  const published = { "2375/tcp": [{ HostIp: "127.0.0.1", HostPort: "2375" }] };
  const proxy = { host: "socket-proxy", port: "2375", addresses: ["172.18.0.2"] };
  const local = { host: "localhost", port: "2375", addresses: ["127.0.0.1", "::1"] };
  const remote = { host: "10.0.0.9", port: "2375", addresses: ["10.0.0.9"] };

  it.each([
    ["has its address", proxy, container("any", { lan: { IPAddress: "172.18.0.2" } }), true],
    ["has another address", proxy, container("any", { lan: { IPAddress: "172.18.0.3" } }), false],
    ["has its name as an alias", proxy, container("any", { lan: { IPAddress: "", Aliases: ["socket-proxy"] } }), true],
    ["bears its name", proxy, container("socket-proxy", {}), true],
    ["publishes its port here", local, container("any", {}, published), true],
    ["publishes that port, but the engine is elsewhere", remote, container("any", {}, published), false],
    ["has no address yet", { ...proxy, addresses: [""] }, container("any", { lan: { IPAddress: "" } }), false],
  ])("%s: %4$s", (_, endpoint, inspect, expected) => {
    expect(isWayToEngine(endpoint, inspect)).toBe(expected);
  });
});
