import { describe, expect, it } from "vitest";
import { backupPlan, volume } from "../../test/backup-plan.ts";
import type { BackupPlan } from "./backup.ts";
import type { ContainerInspect } from "./inspect.ts";
import { planRestore, type RestorePlan, type RestoreWish } from "./restore.ts";

const network = (name: string): BackupPlan["networks"][number] => ({
  ...{ name, driver: "bridge", scope: "local", internal: false, attachable: false, ipv6: false },
  ...{ ipam: {}, options: {}, labels: {} },
});
const anonymous = { ...volume("cache", 1), name: "a".repeat(64), anonymous: true };
const backup = backupPlan({
  volumes: [volume("data", 0), anonymous],
  networks: [network("lan"), network("wan")],
  create: {
    body: {
      Image: "web:1",
      Hostname: "host",
      Labels: { mine: "yes", "com.docker.compose.project": "home" },
      HostConfig: {
        Binds: ["data:/data:ro", "/srv:/srv"],
        Mounts: [
          { Type: "volume", Source: anonymous.name, Target: "/cache" },
          { Type: "tmpfs", Target: "/tmp" },
        ],
        PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }], "53/udp": [{ HostPort: "53" }] },
      },
      NetworkingConfig: {
        EndpointsConfig: {
          lan: { IPAMConfig: { IPv4Address: "10.0.0.2" }, Aliases: ["web", "www"], MacAddress: "02:00:00:00:00:01" },
        },
      },
    },
    connect: [{ network: "wan", endpoint: { Aliases: ["web"], IPAMConfig: { IPv4Address: "10.1.0.2" } } }],
    disconnect: [],
  },
});

const nothing = { containers: [], volumes: new Set<string>(), networks: new Set<string>() };
const asBefore: RestoreWish = { container: "web", volumes: "same", ports: {}, start: true };

function planned(wish: Partial<RestoreWish> = {}, existing: Partial<typeof nothing> = {}): RestorePlan {
  const decision = planRestore(backup, { ...asBefore, ...wish }, { ...nothing, ...existing });
  if (decision.kind !== "plan") throw new Error(decision.conflicts.join(" "));
  return decision.plan;
}

const time = "20261121T180102";

describe("what a restore creates", () => {
  it("is all of it as it was, where nothing is there; only anonymous volumes get a name", () => {
    const plan = planned();

    expect(plan.networks.map(({ name }) => name)).toEqual(["lan", "wan"]);
    expect(plan.volumes.map(({ newName }) => newName)).toEqual(["data", `web-cache-${time}`]);
    expect(plan.create.body).toMatchObject({ Hostname: "host", Labels: { "com.docker.compose.project": "home" } });
    expect(plan.create.body.HostConfig).toEqual({
      ...backup.create.body.HostConfig,
      Mounts: [
        { Type: "volume", Source: `web-cache-${time}`, Target: "/cache" },
        { Type: "tmpfs", Target: "/tmp" },
      ],
    });
    expect(plan.create.body.NetworkingConfig).toEqual(backup.create.body.NetworkingConfig);
    expect(plan.create.connect).toEqual(backup.create.connect);
  });

  it("leaves networks alone that are there", () => {
    expect(planned({}, { networks: new Set(["lan"]) }).networks.map(({ name }) => name)).toEqual(["wan"]);
  });

  it("is a copy without what only one can have, where the name is another", () => {
    const { create } = planned({ container: "copy", volumes: "new", ports: { "80/tcp": "8081" } });

    expect(create.body).toMatchObject({ Hostname: undefined, Labels: { mine: "yes" } });
    expect(create.body["Labels"]).not.toHaveProperty("com.docker.compose.project");
    expect(create.body.HostConfig).toMatchObject({
      Binds: [`data-${time}:/data:ro`, "/srv:/srv"],
      PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8081" }], "53/udp": [{ HostPort: "53" }] },
    });
    expect(create.body.NetworkingConfig.EndpointsConfig).toEqual({ lan: {} });
    expect(create.connect).toEqual([{ network: "wan", endpoint: {} }]);
  });

  it.each<
    readonly [string, BackupPlan["create"]["body"]["HostConfig"], Partial<RestoreWish>, boolean, readonly string[]]
  >([
    ["a bind", { Binds: ["/srv:/srv", "data:/data"] }, {}, false, ["/srv"]],
    ["a mount", { Mounts: [{ Type: "bind", Source: "/db", Target: "/db" }] }, {}, false, ["/db"]],
    ["one that is asked for", { Binds: ["/srv:/srv:z"] }, { start: true }, true, ["/srv"]],
    ["none that is written", { Binds: ["/srv:/srv:z,ro", "data:/data"] }, {}, true, []],
    [
      "none that is written by a mount",
      { Mounts: [{ Type: "bind", Source: "/db", Target: "/db", ReadOnly: true }] },
      {},
      true,
      [],
    ],
    ["one under its own name", { Binds: ["/srv:/srv"] }, { container: "web" }, true, []],
  ])("does not start a copy on the original's directories: %s", (_, HostConfig, wish, start, named) => {
    const { body } = backup.create;
    const subject = backupPlan({ create: { ...backup.create, body: { ...body, HostConfig } } });
    const decision = planRestore(subject, { ...asBefore, container: "copy", start: undefined, ...wish }, nothing);

    if (decision.kind !== "plan") throw new Error(decision.conflicts.join(" "));
    expect(decision.plan.start).toBe(start);
    const warned = decision.plan.warnings.filter((warning) => warning.includes("directories of the original"));
    expect(warned).toEqual(named.length === 0 ? [] : [expect.stringContaining(named.join(", "))]);
  });

  it("has what another container lent it by name, each its own", () => {
    const Mounts = [
      { Type: "volume", Name: "data", Source: "", Destination: "/data", RW: false },
      { Type: "volume", Name: anonymous.name, Source: "", Destination: "/cache", RW: true },
      { Type: "bind", Source: "/srv", Destination: "/srv", RW: true, Propagation: "rprivate" },
      { Type: "tmpfs", Source: "", Destination: "/tmp", RW: true },
    ];
    const HostConfig = { VolumesFrom: ["db:ro"], Binds: ["/srv:/srv/"] };
    const subject = {
      ...backup,
      inspect: { ...backup.inspect, Mounts } as ContainerInspect,
      create: { ...backup.create, body: { ...backup.create.body, HostConfig } },
    };
    const lent = planRestore(subject, { ...asBefore, container: "copy", volumes: "new" }, nothing);
    const own = { ...subject, create: { ...subject.create, body: { ...subject.create.body, HostConfig: {} } } };

    expect(lent).toMatchObject({
      plan: {
        create: {
          body: {
            HostConfig: {
              VolumesFrom: null,
              Binds: ["/srv:/srv/"],
              Mounts: [
                { Type: "volume", Source: `copy-cache-${time}`, Target: "/cache" },
                { Type: "volume", Source: `data-${time}`, Target: "/data", ReadOnly: true },
              ],
            },
          },
        },
      },
    });
    expect(planRestore(own, asBefore, nothing)).toMatchObject({ plan: { create: { body: { HostConfig: {} } } } });
  });

  it("says what it does not bring back", () => {
    const binds = [{ source: "/srv", destinations: ["/srv"], part: "binds/b0.tar" }];
    const { part: _, ...left } = volume("left", 1);
    const decision = planRestore(
      backupPlan({ binds, volumes: [left], warnings: ["Mind the gap."] }),
      asBefore,
      nothing,
    );

    expect(decision).toMatchObject({
      plan: {
        warnings: [
          "Mind the gap.",
          "These volumes were left out of the backup and are empty now: left.",
          expect.stringContaining("put back by hand: /srv."),
        ],
      },
    });
  });

  it("is one of the engine's own under a new name where another driver kept it, and is mounted as such", () => {
    const body = {
      ...backup.create.body,
      HostConfig: {
        VolumeDriver: "rclone",
        Mounts: [
          { Type: "volume", Source: "data", Target: "/data", VolumeOptions: { DriverConfig: { Name: "rclone" } } },
        ],
      },
    };
    const kept = { ...volume("data", 0), driver: "rclone", options: { remote: "nas:data" } };
    const ofDriver = backupPlan({ volumes: [kept], create: { ...backup.create, body } });
    const decision = planRestore(ofDriver, { ...asBefore, volumes: "new" }, nothing);
    if (decision.kind !== "plan") throw new Error(decision.conflicts.join(" "));
    const name = `data-${time}`;

    expect(decision.plan.volumes).toMatchObject([{ newName: name, driver: "local", options: {} }]);
    expect(decision.plan.create.body.HostConfig).toEqual({
      VolumeDriver: "",
      Mounts: [{ Type: "volume", Source: name, Target: "/data", VolumeOptions: {} }],
    });
  });

  it("is no volume that is a directory of the host or a share, but one of the engine's own under a new name", () => {
    const share = { ...volume("share", 0), options: { type: "nfs", o: "addr=nas", device: ":/share" } };
    const memory = { ...volume("memory", 1), options: { type: "tmpfs", device: "tmpfs" } };
    const ofShare = backupPlan({ volumes: [share, memory] });

    expect(planRestore(ofShare, asBefore, nothing)).toEqual({
      kind: "conflicts",
      conflicts: [
        expect.stringMatching(
          /name a directory or a share, or the driver .*, and nothing is written into that: share\./,
        ),
      ],
    });
    expect(planRestore(ofShare, { ...asBefore, volumes: "new" }, nothing)).toMatchObject({
      plan: { volumes: [{ options: {} }, { options: memory.options }] },
    });
  });

  it.each<readonly [string, Partial<RestoreWish>, Partial<typeof nothing>, readonly unknown[]]>([
    [
      "a container of the name",
      {},
      { containers: [{ Name: "/web" } as ContainerInspect] as never },
      [expect.stringContaining("a container web already")],
    ],
    [
      "a volume of the name",
      {},
      { volumes: new Set(["data"]) },
      [expect.stringContaining("already, and nothing is written into it: data.")],
    ],
    [
      "a volume of a new name",
      { volumes: "new" },
      { volumes: new Set(["data", `data-${time}`]) },
      [expect.stringContaining(`into it: data-${time}.`)],
    ],
    ["a name that is none", { container: "../x" }, {}, ['"../x" is no name for a container.']],
    ["a port that is not published", { ports: { "81/tcp": "1" } }, {}, ["The container publishes no port 81/tcp."]],
  ])("is nothing where there is %s", (_, wish, existing, conflicts) => {
    expect(planRestore(backup, { ...asBefore, ...wish }, { ...nothing, ...existing })).toEqual({
      kind: "conflicts",
      conflicts,
    });
  });
});
