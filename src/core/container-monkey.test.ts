import { describe, expect, it } from "vitest";
import { monkeyTimeOf, planMonkeyImport } from "./container-monkey.ts";
import type { ContainerInspect } from "./inspect.ts";

const inspect = {
  ...{ Id: "1".repeat(64), Name: "/web", Image: "sha256:01", RestartCount: 0 },
  State: { Status: "running", Running: true, Paused: false },
  Config: { Image: "web:1" },
  HostConfig: { NetworkMode: "bridge", Binds: ["data:/data", "empty:/empty"] },
  Mounts: [
    { Type: "volume", Name: "data", Source: "", Destination: "/data", RW: true },
    { Type: "volume", Name: "empty", Source: "", Destination: "/empty", RW: true },
    { Type: "bind", Source: "/srv/conf", Destination: "/conf", RW: true },
    { Type: "bind", Source: "/srv/a/www", Destination: "/a", RW: true },
    { Type: "bind", Source: "/srv/b/www/", Destination: "/b", RW: true },
  ],
  NetworkSettings: { Networks: { bridge: {} }, Ports: {} },
} as unknown as ContainerInspect;

describe("the import of a backup of Container Monkey", () => {
  it("takes the data that is there, and says what is not", () => {
    const archives = new Set(["volumes/data_data.tar.gz", "volumes/bind_conf_data.tar.gz"]);
    const backup = { inspect, createdAt: "2025-11-04T12:34:56Z", archives, hasImage: true };

    const { plan, members } = planMonkeyImport(backup, { node: "nas", gangway: "1.2.3" });

    expect(plan).toMatchObject({
      ...{ container: "web", createdAt: "2025-11-04T12:34:56Z", consistency: "live", node: "nas", state: "running" },
      volumes: [
        { name: "data", part: "volumes/v0.tar" },
        { name: "empty", destinations: ["/empty"] },
      ],
      create: { body: { Image: "web:1" } },
    });
    expect([...members]).toEqual([
      ["volumes/v0.tar", "volumes/data_data.tar.gz"],
      [plan.binds.find(({ source }) => source === "/srv/conf")?.part, "volumes/bind_conf_data.tar.gz"],
    ]);
    expect(plan.volumes[1]).not.toHaveProperty("part");
    expect(plan.warnings.join(" ")).toMatch(/different moments.*The image.*no data of these volumes: empty\./);
  });

  it("takes neither of two directories that it cannot tell apart", () => {
    const archives = new Set(["volumes/bind_www_data.tar.gz"]);

    const { plan, members } = planMonkeyImport(
      { inspect, createdAt: "2025-11-04T12:34:56Z", archives, hasImage: false },
      { node: "nas", gangway: "1.2.3" },
    );

    expect(members.size).toBe(0);
    expect(plan.binds.every((bind) => !Object.hasOwn(bind, "part"))).toBe(true);
  });

  it.each([
    ["web_20251104_123456.tar.gz", "2025-11-04T01:02:03.000456", "2025-11-04T01:02:03Z"],
    ["web_20251104_123456.tar.gz", "2025-11-04T01:02:03+02:00", "2025-11-03T23:02:03Z"],
    ["web_20251104_123456.tar.gz", undefined, "2025-11-04T12:34:56Z"],
    ["web_20251104_123456.tar.gz", "yesterday", "2025-11-04T12:34:56Z"],
    ["a_b_20251104_123456.tar.gz", undefined, "2025-11-04T12:34:56Z"],
    ["web.tar.gz", undefined, undefined],
  ])("of %s that says %s is of %s", (file, metadata, time) => {
    expect(monkeyTimeOf(file, metadata)).toBe(time);
  });
});
