import { describe, expect, it } from "vitest";
import { maskedPaths, readonlyPaths } from "../../../test/engine-defaults.ts";
import { createdInModel, hashOf } from "../../../test/engine-model.ts";
import { hostConfigOf, recreate } from "../../../test/recreation.ts";
import { parseExact, stringifyExact } from "../../lib/exact-json.ts";

const parent = createdInModel({}, { name: "parent", image: {} });
const others = [parent];
const gone = hashOf("container gone");

/** The planned host configuration for one that the engine shows with these members. */
function planned(shown: Readonly<Record<string, unknown>>, setting: Parameters<typeof recreate>[1] = {}) {
  const as: NonNullable<typeof setting.as> = (inspect) => ({
    ...inspect,
    HostConfig: { ...inspect.HostConfig, ...shown },
  });
  return hostConfigOf(recreate({}, { others, as, ...setting }));
}

describe("the host configuration of a recreated container", () => {
  it.each([
    ["MemorySwap", 134_217_728],
    ["LogConfig", { Type: "json-file", Config: { "max-size": "10m" } }],
    ["DeviceRequests", [{ Driver: "", Count: -1, DeviceIDs: null, Capabilities: [["gpu"]], Options: {} }]],
    ["SecurityOpt", ["label=disable"]],
    ["CapAdd", null],
    ["Dns", []],
    ["Tmpfs", { "/tmp": "size=64k" }],
    ["Annotations", { a: "b" }],
    ["Ulimits", [{ Name: "nofile", Hard: 2, Soft: 1 }]],
    ["RestartPolicy", { Name: "on-failure", MaximumRetryCount: 5 }],
    ["AutoRemove", true],
    ["ASettingOfTheFuture", { Deep: [1, null, "x"] }],
  ])("copies %s as it is", (member, value) => {
    expect(planned({ [member]: value })[member]).toEqual(value);
  });

  it("keeps integers that no JavaScript number holds", () => {
    const shown = parseExact(
      '{"Ulimits":[{"Name":"memlock","Hard":9223372036854775807,"Soft":-1}],"MemoryReservation":9007199254740993}',
    );

    const text = stringifyExact(planned(shown as Readonly<Record<string, unknown>>));

    expect(text).toContain('"Hard":9223372036854775807');
    expect(text).toContain('"MemoryReservation":9007199254740993');
  });

  it.each(["ContainerIDFile", "Capabilities", "KernelMemoryTCP"])("drops %s", (member) => {
    expect(planned({ [member]: "x" })).not.toHaveProperty(member);
  });

  it.each([
    ["1.41", 1_000, 1_000],
    ["1.41", 0, undefined],
    ["1.42", 1_000, undefined],
  ])("on API %s sends for a kernel memory of %s: %s", (apiVersion, bytes, expected) => {
    expect(planned({ KernelMemory: bytes }, { apiVersion })["KernelMemory"]).toBe(expected);
  });

  it.each(["NetworkMode", "IpcMode", "PidMode"])("refers to another container by name in %s", (member) => {
    expect(planned({ [member]: `container:${parent.Id}` })[member]).toBe("container:parent");
    expect(planned({ [member]: "container:parent" })[member]).toBe("container:parent");
    expect(planned({ [member]: `container:${parent.Id.slice(0, 12)}` })[member]).toBe("container:parent");
    expect(planned({ [member]: `container:${gone}` })[member]).toBe(`container:${gone}`);
  });

  it("does not guess between two containers", () => {
    const containers = new Map([
      ["a".repeat(64), "one"],
      [`${"a".repeat(63)}b`, "two"],
    ]);
    const mode = `container:${"a".repeat(12)}`;

    expect(planned({ IpcMode: mode }, { input: { containers } })["IpcMode"]).toBe(mode);
  });

  it.each(["host", "none", "shareable", "private", ""])("copies the mode %s", (mode) => {
    expect(planned({ IpcMode: mode })["IpcMode"]).toBe(mode);
  });

  it("refers to its network by name", () => {
    const networks = (name: string) => ({ [name]: { NetworkID: hashOf(name) } });
    const modeFor = (mode: string) =>
      hostConfigOf(
        recreate(
          {},
          {
            as: (inspect) => ({
              ...inspect,
              HostConfig: { ...inspect.HostConfig, NetworkMode: mode },
              NetworkSettings: { ...inspect.NetworkSettings, Networks: networks("n1") },
            }),
          },
        ),
      )["NetworkMode"];

    expect(modeFor(hashOf("n1"))).toBe("n1");
    expect(modeFor(hashOf("n1").slice(0, 12))).toBe("n1");
    expect(modeFor(hashOf("n2"))).toBe(hashOf("n2"));
    expect(modeFor("n1")).toBe("n1");
  });
});

describe("legacy links of a recreated container", () => {
  it.each([
    ["default", ["/db:/web/sql", "/mq:/web/mq"], ["db:sql", "mq:mq"]],
    ["bridge", ["db:sql"], ["db:sql"]],
    ["default", null, null],
    ["default", [], []],
    ["host", ["/db:/web/sql"], null],
    [`container:${parent.Id}`, ["/db:/web/sql"], null],
  ])("in mode %s: %j becomes %j", (NetworkMode, Links, expected) => {
    expect(planned({ NetworkMode, Links })["Links"]).toEqual(expected);
  });
});

describe("the port bindings of a recreated container", () => {
  const somewhere = [{ HostIp: "127.0.0.1", HostPort: "8080" }];

  it.each([
    ["keeps what says where", { "80/tcp": somewhere }, {}, { "80/tcp": somewhere }],
    ["keeps a random port random", { "80/tcp": [{ HostPort: "" }] }, {}, { "80/tcp": [{ HostPort: "" }] }],
    ["drops null, which newer engines would publish at random", { "80/tcp": null }, {}, {}],
    ["drops an empty list", { "80/tcp": [] }, { "80/tcp": null }, {}],
    [
      "keeps an empty list that was published at random",
      { "80/tcp": [] },
      { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "32768" }] },
      { "80/tcp": [{ HostIp: "", HostPort: "" }] },
    ],
    ["keeps null", null, {}, null],
  ])("%s", (_promise, PortBindings, Ports, expected) => {
    const { plan } = recreate(
      {},
      {
        as: (inspect) => ({
          ...inspect,
          HostConfig: { ...inspect.HostConfig, PortBindings },
          NetworkSettings: { ...inspect.NetworkSettings, Ports },
        }),
      },
    );

    expect(plan.body.HostConfig["PortBindings"]).toEqual(expected);
    expect(Object.keys(plan.body["ExposedPorts"] ?? {})).toEqual(Object.keys(expected ?? {}));
  });
});

describe("the masked and read-only paths of a recreated container", () => {
  const ofPodman = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list"];
  const newer = [...maskedPaths, "/proc/interrupts", "/sys/devices/system/cpu/cpu0/thermal_throttle"];

  it.each([
    ["leaves Docker's default to the engine", maskedPaths, undefined],
    ["leaves a newer default to the engine", newer, undefined],
    [
      "leaves Podman's default to the engine",
      [
        ...ofPodman,
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
        "/sys/fs/selinux",
        "/sys/dev/block",
      ],
      undefined,
    ],
    ["keeps an empty list", [], []],
    ["keeps null", null, null],
    ["keeps a list with a path of the user's", [...maskedPaths, "/proc/mine"], [...maskedPaths, "/proc/mine"]],
    ["keeps a list that the user has shortened", ["/proc/kcore"], ["/proc/kcore"]],
  ])("%s", (_promise, MaskedPaths, expected) => {
    expect(planned({ MaskedPaths })["MaskedPaths"]).toEqual(expected);
  });

  it.each([
    [readonlyPaths, undefined],
    [[], []],
    [null, null],
    [["/proc/sys"], ["/proc/sys"]],
  ])("read-only %j becomes %j", (ReadonlyPaths, expected) => {
    expect(planned({ ReadonlyPaths })["ReadonlyPaths"]).toEqual(expected);
  });
});

describe("what Podman shows of a container", () => {
  it("loses the swappiness that nobody asked for", () => {
    expect(planned({ MemorySwappiness: 0, Runtime: "oci" })["MemorySwappiness"]).toBeNull();
    expect(planned({ MemorySwappiness: 0 })["MemorySwappiness"]).toBe(0);
    expect(planned({ MemorySwappiness: 60, Runtime: "oci" })["MemorySwappiness"]).toBe(60);
  });

  it("gets its devices' permissions back", () => {
    const device = { PathOnHost: "/dev/null", PathInContainer: "/dev/x", CgroupPermissions: "" };

    expect(planned({ Devices: [device] })["Devices"]).toEqual([{ ...device, CgroupPermissions: "rwm" }]);
    expect(planned({ Devices: [{ ...device, CgroupPermissions: "r" }] })["Devices"]).toEqual([
      { ...device, CgroupPermissions: "r" },
    ]);
    expect(planned({ Devices: null })["Devices"]).toBeNull();
  });

  it("keeps its entrypoint cleared", () => {
    const request = { Entrypoint: [], Cmd: ["x"], HostConfig: { Runtime: "oci" } };

    expect(recreate(request).plan.body["Entrypoint"]).toEqual([""]);
  });
});

describe("sysctls of an interface", () => {
  const Sysctls = { "net.ipv4.conf.eth0.log_martians": "1", "net.ipv6.conf.eth0.a": "2", "net.core.somaxconn": "9" };

  it("stay the container's below API 1.48", () => {
    const { plan } = recreate({ HostConfig: { Sysctls } }, { apiVersion: "1.47" });

    expect(plan.body.HostConfig["Sysctls"]).toEqual(Sysctls);
    expect(plan.body.NetworkingConfig.EndpointsConfig).toEqual({ bridge: {} });
  });

  it("become the endpoint's from API 1.48 on", () => {
    const option = "com.docker.network.endpoint.sysctls";
    const { plan } = recreate(
      {
        HostConfig: { NetworkMode: "n1", Sysctls },
        NetworkingConfig: { EndpointsConfig: { n1: { DriverOpts: { [option]: "net.ipv4.conf.IFNAME.x=0", o: "p" } } } },
      },
      { apiVersion: "1.48" },
    );

    expect(plan.body.HostConfig["Sysctls"]).toEqual({ "net.core.somaxconn": "9" });
    expect(plan.body.NetworkingConfig.EndpointsConfig["n1"]?.DriverOpts).toEqual({
      [option]: "net.ipv4.conf.IFNAME.x=0,net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.a=2",
      o: "p",
    });
  });

  it("stay where the container has no such interface", () => {
    const { plan } = recreate({ HostConfig: { NetworkMode: "none", Sysctls } }, { apiVersion: "1.48" });

    expect(plan.body.HostConfig["Sysctls"]).toEqual(Sysctls);
  });
});
