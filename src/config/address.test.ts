import { describe, expect, it } from "vitest";
import { brokerUrlFrom, engineTransportOf, isLoopback, listenAddressFrom, listenText } from "./address.ts";

describe("listenAddressFrom", () => {
  it.each([
    ["127.0.0.1:5000", "127.0.0.1", 5000],
    ["0.0.0.0:0", "0.0.0.0", 0],
    ["[::1]:5000", "::1", 5000],
    ["[::]:65535", "::", 65_535],
    ["localhost:1883", "localhost", 1883],
  ])("reads %s, and writes it back", (text, host, port) => {
    expect(listenAddressFrom(text)).toEqual({ host, port });
    expect(listenText({ host, port })).toBe(text);
  });

  it.each([":5000", "5000", "*:5000", "::1:5000", "127.0.0.1", "127.0.0.1:65536", "[127.0.0.1]:1", "host.lan:5000"])(
    "refuses %s",
    (text) => {
      expect(listenAddressFrom(text)).toBeUndefined();
    },
  );
});

describe("isLoopback", () => {
  it("is true for addresses that only this machine reaches", () => {
    expect(["127.0.0.1", "127.8.8.8", "::1", "localhost"].map(isLoopback)).toEqual([true, true, true, true]);
    expect(["0.0.0.0", "::", "192.168.1.2", "fe80::1"].map(isLoopback)).toEqual([false, false, false, false]);
  });
});

describe("engineTransportOf", () => {
  it.each([
    ["unix:///var/run/docker.sock", "socket"],
    ["tcp://192.0.2.7:2375", "tcp"],
    ["tcp://docker.lan", "tcp"],
    ["http://[::1]:2375", "tcp"],
    ["https://docker.lan:2376", "tls"],
  ])("knows %s", (host, transport) => {
    expect(engineTransportOf(host)).toBe(transport);
  });

  it.each([
    "unix://",
    "unix://var/run/docker.sock",
    "/var/run/docker.sock",
    "ssh://me@nas",
    "npipe:////./pipe/docker_engine",
    "tcp://",
    "tcp://me:secret@nas",
    "tcp://nas:99999",
  ])("refuses %s", (host) => {
    expect(engineTransportOf(host)).toBeUndefined();
  });
});

describe("brokerUrlFrom", () => {
  it("takes the credentials out of the address", () => {
    expect(brokerUrlFrom("mqtts://me:p%40ss%2Fword@broker.lan:8883")).toEqual({
      url: "mqtts://broker.lan:8883",
      tls: true,
      username: "me",
      password: "p@ss/word",
    });
  });

  it("keeps the path of a WebSocket address", () => {
    expect(brokerUrlFrom("ws://broker.lan:9001/mqtt")).toEqual({ url: "ws://broker.lan:9001/mqtt", tls: false });
  });

  it.each(["broker.lan:1883", "http://broker.lan", "mqtt://", "mqtt://broker/topic", "mqtt://me:p#x@broker"])(
    "refuses %s",
    (text) => {
      expect(brokerUrlFrom(text)).toBeUndefined();
    },
  );
});
