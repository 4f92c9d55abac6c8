import { describe, expect, it } from "vitest";
import { hashOf, hostName } from "../../../test/engine-model.ts";
import { imageOf, recreate } from "../../../test/recreation.ts";

const shortId = hashOf("container web").slice(0, 12);
const parentId = hashOf("container parent");
const parents = { input: { containers: new Map([[parentId, "parent"]]) } };

function inNamespace(member: string, mode: string) {
  return {
    ...parents,
    as: (inspect: ReturnType<typeof recreate>["before"]) => ({
      ...inspect,
      HostConfig: { ...inspect.HostConfig, [member]: mode },
    }),
  };
}

describe("the configuration of a recreated container", () => {
  it("sends nothing that the old image supplied", () => {
    const { plan } = recreate({});

    expect(Object.keys(plan.body).sort()).toEqual([
      "AttachStderr",
      "AttachStdin",
      "AttachStdout",
      "HostConfig",
      "Image",
      "NetworkingConfig",
      "OpenStdin",
      "StdinOnce",
      "Tty",
    ]);
  });

  it("names the new reference", () => {
    expect(recreate({ Image: "app:1" }, { input: { newReference: "app:2" } }).plan.body.Image).toBe("app:2");
  });

  it.each([
    "StopTimeout",
    "Tty",
    "OpenStdin",
    "StdinOnce",
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "NetworkDisabled",
  ])("copies %s, in which no image has a say", (member) => {
    const value = member === "StopTimeout" ? 77 : true;

    expect(recreate({ [member]: value }).plan.body[member]).toBe(value);
  });

  it.each(["Shell", "OnBuild", "ArgsEscaped"])("drops %s, which is the image's", (member) => {
    expect(recreate({ [member]: ["x"] }).plan.body).not.toHaveProperty(member);
  });

  it.each([
    ["User", "1000:1000"],
    ["WorkingDir", "/etc"],
    ["StopSignal", "SIGUSR1"],
  ])("keeps a %s of the user's own", (member, value) => {
    expect(recreate({ [member]: value }).plan.body[member]).toBe(value);
  });
});

describe("the host name of a recreated container", () => {
  it.each([
    ["keeps one that was given", { Hostname: "h", Domainname: "d" }, {}, { Hostname: "h", Domainname: "d" }],
    ["drops the short id", {}, {}, {}],
    ["keeps 12 hex digits that are not the id", { Hostname: "0123456789ab" }, {}, { Hostname: "0123456789ab" }],
    ["drops the engine's own in host mode", { HostConfig: { NetworkMode: "host" } }, {}, {}],
    [
      "keeps one that was given in host mode",
      { Hostname: "h", HostConfig: { NetworkMode: "host" } },
      {},
      { Hostname: "h" },
    ],
    ["keeps the engine's name where it was given", { Hostname: hostName }, {}, { Hostname: hostName }],
    [
      "drops both in another container's network",
      { Hostname: "h", Domainname: "d" },
      inNamespace("NetworkMode", `container:${parentId}`),
      {},
    ],
    ["drops both in the host's UTS namespace", { Hostname: "h", Domainname: "d" }, inNamespace("UTSMode", "host"), {}],
  ])("%s", (_promise, request, setting, expected) => {
    const { Hostname, Domainname } = recreate(request, setting).plan.body;

    expect({ Hostname, Domainname }).toEqual(expected);
  });

  it("warns of one that looks pinned", () => {
    expect(recreate({ Hostname: "0123456789ab" }).plan.warnings).toEqual([expect.stringContaining("0123456789ab")]);
    expect(recreate({ Hostname: shortId }).plan.warnings).toEqual([]);
  });
});

describe("the environment of a recreated container", () => {
  it.each([
    ["leaves the image's to the new image", [], undefined],
    ["keeps the user's, in order", ["B=2", "A=1"], ["B=2", "A=1"]],
    ["keeps what overrides the image's", ["FROM_IMAGE=mine"], ["FROM_IMAGE=mine"]],
    ["takes a value that equals the image's for the image's", ["FROM_IMAGE=1", "A=1"], ["A=1"]],
    ["keeps an empty value", ["ONLY_1="], ["ONLY_1="]],
    ["keeps values with equals signs", ["A=b=c"], ["A=b=c"]],
  ])("%s", (_promise, Env, expected) => {
    expect(recreate({ Env }).plan.body["Env"]).toEqual(expected);
  });

  it("drops what Podman adds, on Podman only", () => {
    const Env = ["A=1", "container=podman", `HOSTNAME=${shortId}`, "HOME=/root"];

    expect(recreate({ Env }).plan.body["Env"]).toEqual(["A=1"]);
    expect(recreate({ Env: Env.slice(2) }).plan.body["Env"]).toEqual(Env.slice(2));
  });

  it("keeps a home directory that was given on Podman", () => {
    const Env = ["container=podman", "HOME=/config"];

    expect(recreate({ Env }).plan.body["Env"]).toEqual(["HOME=/config"]);
  });
});

describe("the stop signal of a recreated container", () => {
  it.each([
    ["15", undefined, undefined],
    ["15", "SIGTERM", undefined],
    ["2", "SIGINT", undefined],
    ["37", "SIGRTMIN+3", undefined],
    ["62", "RTMAX-2", undefined],
    ["3", "SIGTERM", "3"],
    ["9", undefined, "9"],
    ["99", "SIGWHATEVER", "99"],
  ])("knows the number %s that Podman shows for %s", (shown, StopSignal, expected) => {
    const oldImage = StopSignal === undefined ? {} : { StopSignal };
    const request = { StopSignal: shown, HostConfig: { Runtime: "oci" } };

    expect(recreate(request, { oldImage }).plan.body["StopSignal"]).toBe(expected);
  });

  it("keeps a number that was given to Docker", () => {
    expect(recreate({ StopSignal: "15" }).plan.body["StopSignal"]).toBe("15");
  });
});

describe("the health check of a recreated container", () => {
  it.each([
    ["keeps one that is switched off", { Test: ["NONE"] }, { Test: ["NONE"] }],
    ["keeps only the interval", { Interval: 5e9 }, { Interval: 5e9 }],
    ["keeps only the retries", { Retries: 9, Interval: 1e9 }, { Retries: 9 }],
    [
      "keeps command, start period and start interval",
      { Test: ["CMD", "mine"], StartPeriod: 3e9, StartInterval: 2e9 },
      { Test: ["CMD", "mine"], StartPeriod: 3e9, StartInterval: 2e9 },
    ],
    ["sends nothing for an empty one", {}, undefined],
  ])("%s", (_promise, Healthcheck, expected) => {
    expect(recreate({ Healthcheck }).plan.body["Healthcheck"]).toEqual(expected);
  });

  it("takes zeroes and empty lists for not given", () => {
    const Healthcheck = { Timeout: 0, Test: [], Retries: 9 };
    const as = (inspect: ReturnType<typeof recreate>["before"]) => ({
      ...inspect,
      Config: { ...inspect.Config, Healthcheck },
    });

    expect(recreate({}, { as }).plan.body["Healthcheck"]).toEqual({ Retries: 9 });
  });

  it("keeps one that the image does not have", () => {
    const Healthcheck = { Test: ["CMD", "mine"], Interval: 1e9 };

    expect(recreate({ Healthcheck }, { oldImage: {} }).plan.body["Healthcheck"]).toEqual(Healthcheck);
  });
});

describe("the ports and volumes of a recreated container", () => {
  it("exposes what it publishes, whether or not the new image does", () => {
    const { plan } = recreate({ HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] } } });

    expect(plan.body["ExposedPorts"]).toEqual({ "80/tcp": {} });
  });

  it("exposes what the user exposed", () => {
    expect(recreate({ ExposedPorts: { "1234/udp": {} } }).plan.body["ExposedPorts"]).toEqual({ "1234/udp": {} });
  });

  it("exposes nothing in another container's network", () => {
    const { plan } = recreate({ ExposedPorts: { "1/tcp": {} } }, inNamespace("NetworkMode", `container:${parentId}`));

    expect(plan.body).not.toHaveProperty("ExposedPorts");
  });

  it("declares the user's volumes and leaves the image's to the new image", () => {
    expect(recreate({ Volumes: { "/anon": {} } }).plan.body["Volumes"]).toEqual({ "/anon": {} });
    expect(recreate({}).plan.body).not.toHaveProperty("Volumes");
  });
});

describe("a container whose image the engine has forgotten", () => {
  it("keeps all that it has, and says so", () => {
    const { plan, before } = recreate({ Env: ["A=1"] }, { input: { oldImage: undefined } });
    const { Env, Labels, Entrypoint, Cmd, User, Healthcheck, ExposedPorts, Volumes } = before.Config;

    expect(plan.body).toMatchObject({ Env, Labels, Entrypoint, Cmd, User, Healthcheck, ExposedPorts, Volumes });
    expect(plan.warnings).toEqual([expect.stringContaining("no record of the image")]);
  });

  it("gets all of the new image where the old one had nothing", () => {
    expect(recreate({}, { oldImage: { Cmd: ["x"] } }).after.Config.Entrypoint).toEqual(imageOf("2").Entrypoint);
  });
});

describe("a MAC address that was asked for", () => {
  const MacAddress = "02:11:22:33:44:55";

  it("is the container's up to API 1.43 and the endpoint's from 1.44 on", () => {
    const old = recreate({ MacAddress });
    const recent = recreate({ MacAddress }, { apiVersion: "1.44" });

    expect(old.plan.body["MacAddress"]).toBe(MacAddress);
    expect(old.plan.body.NetworkingConfig.EndpointsConfig).toEqual({ bridge: {} });
    expect(recent.plan.body).not.toHaveProperty("MacAddress");
    expect(recent.plan.body.NetworkingConfig.EndpointsConfig).toEqual({ bridge: { MacAddress } });
  });

  it("is not sent where there was none", () => {
    expect(recreate({}).plan.body).not.toHaveProperty("MacAddress");
    expect(recreate({}, { apiVersion: "1.44" }).plan.body.NetworkingConfig.EndpointsConfig).toEqual({ bridge: {} });
  });
});
