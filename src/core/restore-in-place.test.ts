import { describe, expect, it } from "vitest";
import { backupPlan, volume } from "../../test/backup-plan.ts";
import type { BackupPlan } from "./backup.ts";
import type { ContainerInspect } from "./inspect.ts";
import { planRestore, type RestorePlan, type RestoreWish, type Surroundings } from "./restore.ts";
import { planReturn } from "./restore-in-place.ts";

const { part: _, ...left } = volume("left", 2);
const anonymous = { ...volume("cache", 1), name: "a".repeat(64), anonymous: true };
const backup = backupPlan({ volumes: [volume("data", 0), anonymous, left] });
const wish: RestoreWish = { container: "web", volumes: "replace", ports: {}, start: undefined };
const alone: Surroundings = { backupsPath: undefined, inspected: [], isNeeded: () => false };

interface Traits {
  readonly volumes?: readonly string[];
  readonly host?: object;
  readonly labels?: object;
  readonly state?: object;
}

function container(name: string, { volumes = [], host = {}, labels = {}, state = {} }: Traits = {}): ContainerInspect {
  return {
    ...{ Id: `id-of-${name}`, Name: `/${name}`, Config: { Image: "web:1", Labels: labels } },
    HostConfig: { NetworkMode: "bridge", ...host },
    State: { Status: "running", Running: true, Paused: false, Dead: false, ...state },
    Mounts: volumes.map((Name) => ({
      Type: "volume",
      Name,
      Source: `/volumes/${Name}/_data`,
      Destination: `/${Name}`,
    })),
  } as unknown as ContainerInspect;
}

const web = container("web", { volumes: ["data", "own", "left"] });

interface There {
  readonly containers?: readonly ContainerInspect[];
  readonly volumes?: readonly string[];
  readonly wish?: Partial<RestoreWish>;
  readonly surroundings?: Partial<Surroundings>;
  readonly backup?: BackupPlan;
}

function decided({ containers = [web], volumes = ["data", "own", "left"], ...there }: There) {
  const existing = { containers, volumes: new Set(volumes), networks: new Set<string>() };
  return planRestore(there.backup ?? backup, { ...wish, ...there.wish }, existing, { ...alone, ...there.surroundings });
}

function planned(there: There): RestorePlan {
  const decision = decided(there);
  if (decision.kind !== "plan") throw new Error(decision.conflicts.join(" "));
  return decision.plan;
}

describe("a restore in the place of what is there", () => {
  it("removes the container of the name, and the volumes that are filled; what was left out of the backup stays", () => {
    const { replaces, volumes, warnings } = planned({});

    expect(replaces).toMatchObject({ target: { Name: "/web" }, volumes: ["data"] });
    expect(volumes.map(({ newName }) => newName)).toEqual(["data", "web-cache-20261121T180102"]);
    expect(warnings).toEqual(["These volumes were left out of the backup and stay as they are: left."]);
    expect(replaces?.warnings).toEqual([
      expect.stringContaining("web that is there is stopped, backed up with its data, and removed"),
      "Its volumes that the backup does not fill stay: left, own.",
    ]);
  });

  it("says that the data of volumes is kept that the container does not have", () => {
    const { replaces } = planned({ containers: [container("web", { volumes: ["own"] })] });

    expect(replaces).toMatchObject({ target: { Name: "/web" }, volumes: ["data"] });
    expect(replaces?.warnings[1]).toBe("The data that is in data now is backed up before it goes.");
  });

  it("removes volumes that nobody has", () => {
    const { replaces } = planned({ containers: [] });

    expect(replaces).toMatchObject({ target: undefined, volumes: ["data"] });
    expect(replaces?.warnings).toEqual(["The data that is in data now is backed up before it goes."]);
  });

  it("removes nothing where nothing is there", () => {
    expect(planned({ containers: [], volumes: [] }).replaces).toBeUndefined();
  });

  it.each<readonly [string, There, readonly string[]]>([
    ["another has a volume", { containers: [web, container("db", { volumes: ["data"] })] }, ["made anew: data (db)"]],
    [
      "another has a volume though it never ran",
      { containers: [container("idle", { volumes: ["data"], state: { Status: "created", Running: false } })] },
      ["made anew: data (idle)"],
    ],
    ["the name is another's than the volumes'", { wish: { container: "copy" } }, ["made anew: data (web)"]],
    ["another has a volume that stays", { containers: [web, container("db", { volumes: ["left", "own"] })] }, []],
    [
      "another lives in its network",
      { containers: [web, container("side", { host: { NetworkMode: "container:web" } })] },
      ["side cannot run without web"],
    ],
    ["it is Gangway's own", { surroundings: { isNeeded: ({ Name }) => Name === "/web" } }, ["web is Gangway itself"]],
    ["it was started with --rm", { containers: [container("web", { host: { AutoRemove: true } })] }, ["--rm"]],
    [
      "it is Swarm's",
      { containers: [container("web", { labels: { "com.docker.swarm.task.id": "1" } })] },
      ["web belongs to Swarm"],
    ],
    ["it is paused", { containers: [container("web", { state: { Paused: true } })] }, ["web is paused"]],
    ["it is being removed", { containers: [container("web", { state: { Status: "removing" } })] }, ["being removed"]],
    [
      "a volume that is there is a share",
      { surroundings: { inspected: [{ Name: "data", Driver: "local", Options: { type: "nfs", device: ":/x" } }] } },
      ["is a directory or a share by its driver options"],
    ],
    [
      "a volume that is there is another driver's",
      { surroundings: { inspected: [{ Name: "data", Driver: "rclone", Options: {} }] } },
      ["or another driver's than local, and nothing is written into that: data."],
    ],
    ["the backups are in a volume", { surroundings: { backupsPath: "/volumes/data/_data/kept" } }, ["would go: data"]],
    [
      "the backups are in a volume that the container does not have",
      {
        containers: [container("web", { volumes: ["own"] })],
        surroundings: {
          backupsPath: "/volumes/data/_data/kept",
          inspected: [{ Name: "data", Driver: "local", Mountpoint: "/volumes/data/_data" }],
        },
      },
      ["would go: data"],
    ],
    ["the backups are in one that stays", { surroundings: { backupsPath: "/volumes/own/_data" } }, []],
    [
      "the backup's volume is a share",
      { backup: backupPlan({ volumes: [{ ...volume("data", 0), options: { device: "/srv" } }] }) },
      ["name a directory or a share"],
    ],
    [
      "the backup's volume is another driver's",
      { backup: backupPlan({ volumes: [{ ...volume("data", 0), driver: "rclone" }] }) },
      ["the driver is another than local, and nothing is written into that: data."],
    ],
    [
      "another driver's volume was left out of the backup",
      { backup: backupPlan({ volumes: [{ ...left, driver: "rclone" }] }) },
      [],
    ],
    [
      "the name is a transient one",
      { wish: { container: "x.gw-new-0000abcd" }, containers: [] },
      ["unfinished operation"],
    ],
  ])("is refused, or not, where %s", (_, there, conflicts) => {
    const decision = decided(there);

    expect(decision.kind === "plan" ? [] : decision.conflicts).toEqual(
      conflicts.map((text) => expect.stringContaining(text)),
    );
  });
});

describe("the way back", () => {
  it("makes what is gone, under the very names, and touches nothing that is there", () => {
    const lan = { name: "lan", driver: "bridge", scope: "local", internal: false, attachable: false, ipv6: false };
    const safety = { ...backup, networks: [{ ...lan, ipam: {}, options: {}, labels: {} }] };

    const { volumes, networks, create, start } = planReturn(safety, {
      volumes: new Set(["left"]),
      networks: new Set(["lan"]),
    });

    expect(volumes.map(({ newName }) => newName)).toEqual(["data", anonymous.name]);
    expect([networks, create, start]).toEqual([[], safety.create, true]);
  });
});
