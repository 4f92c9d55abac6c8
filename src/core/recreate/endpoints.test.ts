import { describe, expect, it } from "vitest";
import { hashOf } from "../../../test/engine-model.ts";
import { type Recreation, recreate, type Setting } from "../../../test/recreation.ts";
import type { EndpointConfig, EndpointSettings } from "../inspect.ts";

const shortId = hashOf("container web").slice(0, 12);

function inNetworks(mode: string, networks: Readonly<Record<string, EndpointSettings>>, setting: Setting = {}) {
  return recreate(
    {},
    {
      as: (inspect) => ({
        ...inspect,
        HostConfig: { ...inspect.HostConfig, NetworkMode: mode },
        NetworkSettings: { ...inspect.NetworkSettings, Networks: networks },
      }),
      ...setting,
    },
  );
}

function endpointsOf({ plan }: Recreation): Readonly<Record<string, EndpointConfig>> {
  return plan.body.NetworkingConfig.EndpointsConfig;
}

describe("the endpoints of a recreated container", () => {
  it.each(["host", "none", `container:${hashOf("x")}`])("has none in mode %s", (mode) => {
    const recreation = inNetworks(mode, { [mode]: { NetworkID: "1" } });

    expect(endpointsOf(recreation)).toEqual({});
    expect(recreation.plan).toMatchObject({ connect: [], disconnect: [] });
  });

  it("keeps what was asked for and nothing that the engine chose", () => {
    const asked = {
      IPAMConfig: { IPv4Address: "10.1.0.9" },
      Links: ["db:sql"],
      Aliases: ["a", "b"],
      DriverOpts: { o: "p" },
    };
    const chosen = {
      NetworkID: "n",
      EndpointID: "e",
      Gateway: "10.1.0.1",
      IPAddress: "10.1.0.9",
      IPPrefixLen: 16,
      IPv6Gateway: "fd::1",
      GlobalIPv6Address: "fd::2",
      GlobalIPv6PrefixLen: 64,
      MacAddress: "02:42:0a:01:00:09",
      DNSNames: ["web"],
    };

    expect(endpointsOf(inNetworks("n1", { n1: { ...asked, ...chosen } }))).toEqual({ n1: asked });
  });

  it.each([
    [{ IPAMConfig: null, Links: null, Aliases: null, DriverOpts: null }],
    [{ IPAMConfig: {}, Links: [], Aliases: [], DriverOpts: {}, GwPriority: 0 }],
    [{}],
  ])("sends an empty endpoint for %j, never null", (settings) => {
    expect(endpointsOf(inNetworks("n1", { n1: settings }))).toEqual({ n1: {} });
  });

  it.each([
    ["1.41", [shortId, "a", "h"], "h", ["a"]],
    ["1.44", ["a", shortId, "h"], "h", ["a"]],
    ["1.45", ["a", "h"], "h", ["a", "h"]],
    ["1.41", ["0123456789ab", shortId], "h", ["0123456789ab"]],
    ["1.41", [shortId, shortId], shortId, undefined],
  ])("on API %s reads of the aliases %j for the host name %s: %j", (apiVersion, Aliases, Hostname, expected) => {
    const recreation = recreate(
      {},
      {
        apiVersion,
        as: (inspect) => ({
          ...inspect,
          Config: { ...inspect.Config, Hostname },
          HostConfig: { ...inspect.HostConfig, NetworkMode: "n1" },
          NetworkSettings: { ...inspect.NetworkSettings, Networks: { n1: { Aliases } } },
        }),
      },
    );

    expect(endpointsOf(recreation)["n1"]?.Aliases).toEqual(expected);
  });

  it("sends no aliases for the default bridge", () => {
    expect(endpointsOf(inNetworks("default", { bridge: { Aliases: ["a"] } }))).toEqual({ bridge: {} });
  });

  it.each([
    ["1.47", undefined],
    ["1.48", 7],
  ])("on API %s sends the gateway priority %s", (apiVersion, expected) => {
    expect(endpointsOf(inNetworks("n1", { n1: { GwPriority: 7 } }, { apiVersion }))["n1"]?.GwPriority).toBe(expected);
  });
});

describe("several networks of a recreated container", () => {
  const networks = { a: { Aliases: ["x"] }, main: { Aliases: ["y"] }, z: { IPAMConfig: { IPv6Address: "fd::9" } } };

  it("are all given at creation from API 1.44 on, that of its mode first", () => {
    const recreation = inNetworks("main", networks, { apiVersion: "1.44" });

    expect(Object.keys(endpointsOf(recreation))).toEqual(["main", "a", "z"]);
    expect(recreation.plan.connect).toEqual([]);
  });

  it("are connected one by one below, after that of its mode", () => {
    const recreation = inNetworks("main", networks, { apiVersion: "1.43" });

    expect(endpointsOf(recreation)).toEqual({ main: { Aliases: ["y"] } });
    expect(recreation.plan.connect).toEqual([
      { network: "a", endpoint: { Aliases: ["x"] } },
      { network: "z", endpoint: { IPAMConfig: { IPv6Address: "fd::9" } } },
    ]);
  });

  it("do without that of its mode where the container was disconnected from it", () => {
    const recreation = inNetworks("main", { a: {}, z: {} });

    expect(endpointsOf(recreation)).toEqual({ a: {} });
    expect(recreation.plan).toMatchObject({ connect: [{ network: "z" }], disconnect: [] });
    expect(recreation.plan.body.HostConfig["NetworkMode"]).toBe("main");
  });

  it.each([
    ["main", "main"],
    ["default", "bridge"],
    ["bridge", "bridge"],
  ])("are none for a container that was disconnected from all: mode %s leaves %s", (mode, network) => {
    const recreation = inNetworks(mode, {});

    expect(endpointsOf(recreation)).toEqual({});
    expect(recreation.plan).toMatchObject({ connect: [], disconnect: [network] });
  });

  it("are none to leave on Podman, which shows none for networks of its own kinds", () => {
    const { plan } = inNetworks(
      "pasta",
      {},
      {
        as: (inspect) => ({
          ...inspect,
          HostConfig: { ...inspect.HostConfig, NetworkMode: "pasta", Runtime: "oci" },
          NetworkSettings: { ...inspect.NetworkSettings, Networks: {} },
        }),
      },
    );

    expect(plan.disconnect).toEqual([]);
  });

  it("are none to leave where networking is switched off", () => {
    expect(recreate({ NetworkDisabled: true }).plan).toMatchObject({ connect: [], disconnect: [] });
  });
});

describe("MAC addresses of further networks", () => {
  const settings = (MacAddress: string) => ({ main: {}, other: { MacAddress, IPAddress: "172.18.0.2" } });
  const derived = "02:42:AC:12:00:02";
  const lasting = "02:42:c0:a8:01:05";

  it("are kept from API 1.44 on, unless they come from the dynamic address", () => {
    const macOf = (mac: string) =>
      endpointsOf(inNetworks("main", settings(mac), { apiVersion: "1.44" }))["other"]?.MacAddress;

    expect(macOf(lasting)).toBe(lasting);
    expect(macOf(derived)).toBeUndefined();
    expect(macOf("")).toBeUndefined();
  });

  it("are lost below, with a warning", () => {
    const recreation = inNetworks("main", settings(lasting));

    expect(recreation.plan.connect).toEqual([{ network: "other", endpoint: {} }]);
    expect(recreation.plan.warnings).toEqual([expect.stringContaining("MAC address of web in the network other")]);
    expect(inNetworks("main", settings(derived)).plan.warnings).toEqual([]);
  });

  it("are not taken from the endpoint of the first network", () => {
    const recreation = inNetworks(
      "main",
      { main: { MacAddress: lasting, IPAddress: "1.2.3.4" } },
      { apiVersion: "1.44" },
    );

    expect(endpointsOf(recreation)).toEqual({ main: {} });
  });
});
