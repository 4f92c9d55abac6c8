import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createdInModel, type Request } from "../../../test/engine-model.ts";
import { imageOf, recreate, recreateFrom } from "../../../test/recreation.ts";
import type { ImageConfig } from "../inspect.ts";

const others = [
  createdInModel({}, { name: "parent", image: {} }),
  createdInModel(
    { HostConfig: { Binds: ["shared:/shared", "/host/s:/s"] }, Volumes: { "/lent": {} } },
    { name: "sibling", image: {} },
  ),
];
/** Names no engine of ours gives: these stand for nothing that is there. */
const nothing = undefined;

function some<T>(...values: readonly T[]) {
  return fc.subarray([...values]);
}

function someOf<T>(members: Readonly<Record<string, T>>) {
  return fc.subarray(Object.entries(members)).map((entries) => Object.fromEntries(entries));
}

const command = fc.constantFrom(
  {},
  { Cmd: ["x"] },
  { Cmd: ["serve", "1"] },
  { Entrypoint: ["/mine"] },
  { Entrypoint: ["/mine"], Cmd: ["serve", "1"] },
  { Entrypoint: ["/entry", "1"] },
  { Entrypoint: ["/entry", "1"], Cmd: ["x"] },
  { Entrypoint: [""], Cmd: ["x"] },
  { Entrypoint: [""], Cmd: ["serve", "1"] },
  { Entrypoint: [] },
  { Entrypoint: [], Cmd: ["x"] },
);

const config = fc.record({
  User: fc.constantFrom(nothing, "user1", "0:0"),
  WorkingDir: fc.constantFrom(nothing, "/srv/1", "/"),
  StopSignal: fc.constantFrom(nothing, "SIGTERM", "SIGUSR1"),
  StopTimeout: fc.constantFrom(nothing, 0, 77),
  Tty: fc.boolean(),
  Env: some("A=1", "B=", "FROM_IMAGE=mine", "ONLY_1=x", "PATH=/mine"),
  Labels: someOf({ a: "1", "from-image": "1", "only-1": "mine", "com.docker.compose.project": "p" }),
  Healthcheck: fc.constantFrom<object | undefined>(
    nothing,
    { Test: ["NONE"] },
    { Interval: 5e9 },
    { Test: ["CMD", "mine"], Retries: 9 },
  ),
  ExposedPorts: someOf({ "1234/udp": {}, "80/tcp": {} }),
  Volumes: someOf({ "/anon": {}, "/data": {}, "/tmp1": {} }),
});

const hostConfig = fc.record({
  Binds: fc.option(some("named:/n", "/host:/b:ro,rslave", "/anonymous", "named:/data1")),
  Mounts: fc.option(
    some(
      { Type: "volume", Target: "/m" },
      { Type: "volume", Source: "v", Target: "/v", ReadOnly: true },
      { Type: "bind", Source: "/host", Target: "/h" },
    ),
  ),
  Tmpfs: fc.option(someOf({ "/tmp1": "size=64k" })),
  VolumesFrom: fc.option(some("sibling:ro")),
  PortBindings: fc.option(
    someOf<object[] | null>({
      "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "80" }],
      "81/tcp": [{ HostIp: "", HostPort: "" }],
      "82/tcp": null,
    }),
  ),
  MaskedPaths: fc.constantFrom(nothing, [], ["/proc/kcore"]),
  Privileged: fc.boolean(),
  Memory: fc.constantFrom(0, 67_108_864),
  Links: fc.option(some("parent:up")),
  IpcMode: fc.constantFrom("private", "container:parent", "host"),
  Sysctls: fc.option(someOf({ "net.core.somaxconn": "9" })),
});

const endpoint = fc.record(
  {
    Aliases: some("a", "b", "0123456789ab"),
    IPAMConfig: fc.constantFrom({ IPv4Address: "10.1.0.9" }),
    DriverOpts: fc.constantFrom({ o: "p" }),
    Links: some("db:sql"),
  },
  { requiredKeys: [] },
);

/** How the container is in its networks, and with what name of its own. */
const place = fc.oneof(
  fc
    .constantFrom({ mode: "none" }, { mode: "container:parent" })
    .map((chosen) => ({ ...chosen, request: {}, connect: [] })),
  fc.record({
    mode: fc.constantFrom("default", "host"),
    request: fc.constantFrom({}, { Hostname: "h", Domainname: "d" }),
    connect: fc.constant([]),
  }),
  fc.record({
    mode: fc.constant("n1"),
    request: fc.record(
      {
        Hostname: fc.constantFrom("h", "0123456789ab"),
        MacAddress: fc.constant("02:11:22:33:44:55"),
        NetworkingConfig: fc.record({ EndpointsConfig: fc.record({ n1: endpoint }) }),
      },
      { requiredKeys: [] },
    ),
    connect: fc
      .array(endpoint, { maxLength: 2 })
      .map((endpoints) => endpoints.map((one, index) => ({ network: `z${index}`, endpoint: one }))),
  }),
);

const cases = fc
  .record({
    command,
    config,
    hostConfig,
    place,
    leave: fc.boolean(),
    apiVersion: fc.constantFrom("1.41", "1.43", "1.44", "1.45", "1.48", "1.51"),
  })
  .map(({ command: given, config: members, hostConfig: host, place: where, leave, apiVersion }) => {
    const { Links, PortBindings, ...rest } = host;
    const { ExposedPorts, ...shared } = members;
    // What the engine would refuse.
    const links = where.mode === "default" ? { Links } : {};
    const ports = where.mode === "container:parent" ? [{}, {}] : [{ PortBindings }, { ExposedPorts }];
    const request: Request = {
      ...shared,
      ...ports[1],
      ...given,
      ...where.request,
      HostConfig: { ...rest, ...ports[0], ...links, NetworkMode: where.mode },
    };
    // A MAC address for a network that the container has left again is of no use to anybody.
    const disconnect = leave && where.mode === "n1" && !("MacAddress" in request) ? ["n1"] : [];
    return { request, setting: { others, apiVersion, connect: where.connect, disconnect } };
  });

describe("the recreation of any container", () => {
  it("makes no difference that the images do not explain", () => {
    fc.assert(
      fc.property(cases, ({ request, setting }) => {
        expect(recreate(request, setting).differences).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it("comes to rest: recreating what it made plans the same again", { timeout: 30_000 }, () => {
    // A volume that a new image adds is kept at the next recreation: it is left out here.
    const newImage: ImageConfig = { ...imageOf("2"), Volumes: imageOf("1").Volumes };
    fc.assert(
      fc.property(cases, ({ request, setting }) => {
        const first = recreate(request, { ...setting, newImage });
        const second = recreateFrom(first.after, { ...setting, oldImage: newImage, newImage: imageOf("3") });

        expect({ ...second.plan, warnings: [] }).toEqual({ ...first.plan, warnings: [] });
        expect(second.differences).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});
