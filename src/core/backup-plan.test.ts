import { describe, expect, it } from "vitest";
import { backupLabelsFrom } from "./backup-labels.ts";
import { type BackupSubject, planBackup, sourcesOf } from "./backup-plan.ts";
import type { ContainerInspect, ImageInspect } from "./inspect.ts";

const anonymous = "a".repeat(64);
const inspect = {
  ...{ Id: "1".repeat(64), Name: "/web", Image: "sha256:01", RestartCount: 0 },
  State: { Status: "running", Running: true, Paused: false },
  Config: { Image: "web:1", Env: ["SECRET=x"], Volumes: { "/cache": {} } },
  HostConfig: {
    ...{ NetworkMode: "lan", Tmpfs: { "/run": "" }, Binds: ["data:/data", "/srv/conf:/conf"] },
    Mounts: [{ Type: "tmpfs", Target: "/tmp" }],
  },
  Mounts: [
    { Type: "volume", Name: "data", Source: "", Destination: "/data", RW: true },
    { Type: "volume", Name: "data", Source: "", Destination: "/again", RW: false },
    { Type: "volume", Name: anonymous, Source: "", Destination: "/cache", RW: true },
    { Type: "bind", Source: "/srv/conf", Destination: "/conf", RW: true },
    { Type: "bind", Source: "/var/run/docker.sock", Destination: "/var/run/docker.sock", RW: true },
  ],
  NetworkSettings: { Networks: { lan: { IPAMConfig: { IPv4Address: "10.9.0.9" } }, bridge: {} }, Ports: {} },
} as unknown as ContainerInspect;
const image = {
  ...{ Id: "sha256:01", RepoDigests: ["web@sha256:02"], Config: {}, Os: "linux", Architecture: "arm", Variant: "v7" },
} as unknown as ImageInspect;
const network = { Id: "n", Driver: "bridge", Scope: "local", Internal: true, Attachable: false, EnableIPv6: false };

function planned(labels: Readonly<Record<string, string>> = {}, more: Partial<BackupSubject> = {}) {
  return planBackup({
    ...{ inspect, image, consistency: "stop", names: new Map(), gangway: "1.2.3", node: "nas" },
    volumes: [{ Name: "data", Driver: "nfs", Options: { device: ":/x" }, Labels: { a: "b" } }],
    networks: [
      { ...network, Name: "lan", IPAM: { Config: [{ Subnet: "10.9.0.0/24" }] } },
      { ...network, Name: "bridge" },
    ],
    labels: backupLabelsFrom(labels),
    identity: { version: "26.1.5", apiVersion: "1.45", hostName: "host" },
    createdAt: "2026-11-21T18:01:02Z",
    ...more,
  });
}

describe("what is backed up of a container", () => {
  it("is its volumes, each once, also those that nobody named", () => {
    expect(planned().volumes).toEqual([
      {
        ...{ name: anonymous, anonymous: true, driver: "local", options: {}, labels: {} },
        destinations: ["/cache"],
        part: "volumes/v0.tar",
      },
      {
        ...{ name: "data", anonymous: false, driver: "nfs", options: { device: ":/x" }, labels: { a: "b" } },
        destinations: ["/again", "/data"],
        part: "volumes/v1.tar",
      },
    ]);
  });

  it.each<readonly [string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    ["without labels", {}, [anonymous, "data"], []],
    ["a volume left out by its name", { "gangway.backup.exclude": "data" }, [anonymous], []],
    ["a volume left out by its path", { "gangway.backup.exclude": " /cache/ , /nothing" }, ["data"], []],
    ["a bind by its path", { "gangway.backup.binds": "/conf" }, [anonymous, "data"], ["/srv/conf"]],
    [
      "all binds but one",
      { "gangway.backup.binds": "all", "gangway.backup.exclude": "/var/run/docker.sock" },
      [anonymous, "data"],
      ["/srv/conf"],
    ],
  ])("are the data: %s", (_, labels, volumes, binds) => {
    expect(sourcesOf(inspect, backupLabelsFrom(labels))).toEqual({ volumes, binds });
    const plan = planned(labels);
    expect(plan.volumes.filter(({ part }) => part !== undefined).map(({ name }) => name)).toEqual(volumes);
    expect(plan.binds.filter(({ part }) => part !== undefined).map(({ source }) => source)).toEqual(binds);
  });

  it("says what is not in it", () => {
    expect(planned().tmpfs).toEqual(["/run", "/tmp"]);
    expect(planned().warnings).toEqual([
      "Directories of the host are not in it: /srv/conf, /var/run/docker.sock; the label gangway.backup.binds takes them in.",
    ]);
    expect(planned({ "gangway.backup.exclude": "data" }).warnings[0]).toContain("gangway.backup.exclude says: data.");
  });

  it("is not the backups themselves", () => {
    const plan = planned({ "gangway.backup.binds": "/conf" }, { backupsAt: ["/data", "/conf"] });

    expect(plan.volumes.filter(({ part }) => part !== undefined).map(({ name }) => name)).toEqual([anonymous]);
    expect(plan.binds.filter(({ part }) => part !== undefined)).toEqual([]);
    expect(plan.warnings).toEqual([
      expect.stringContaining("because the backups are there: data, /srv/conf;"),
      expect.stringContaining("not in it: /var/run/docker.sock;"),
    ]);
  });

  it("is its image, its networks but for the engine's own, and how to create it", () => {
    const { networks, image: backedUp, create, state } = planned();

    expect(networks).toEqual([
      {
        ...{ name: "lan", driver: "bridge", scope: "local", internal: true, attachable: false, ipv6: false },
        ...{ ipam: { Config: [{ Subnet: "10.9.0.0/24" }] }, options: {}, labels: {} },
      },
    ]);
    expect(backedUp).toEqual({
      ...{ reference: "web:1", id: "sha256:01", repoDigests: ["web@sha256:02"], config: {} },
      platform: { os: "linux", architecture: "arm", variant: "v7" },
    });
    expect(create.body).toMatchObject({ Image: "web:1", HostConfig: { NetworkMode: "lan" } });
    expect(create.body.NetworkingConfig.EndpointsConfig).toHaveProperty("lan", {
      IPAMConfig: { IPv4Address: "10.9.0.9" },
    });
    expect(state).toBe("running");
  });

  it("does not need the image's record", () => {
    const plan = planned({}, { image: undefined });

    expect(plan.image).toEqual({ reference: "web:1", id: "sha256:01", repoDigests: [] });
    expect(plan.warnings[0]).toContain("no record of the image");
  });

  it.each([
    ["stop", "stop"],
    [" Pause ", "pause"],
    ["live", "live"],
    ["never", undefined],
    ["", undefined],
  ])("is read as a label says: %j", (word, expected) => {
    expect(backupLabelsFrom({ "gangway.backup.consistency": word }).consistency).toBe(expected);
  });
});
