import { describe, expect, it } from "vitest";
import { type Course, type CourseSubject, courseFor, type HelperSight, helperFor, helperStepFor } from "./hand-over.ts";
import type { ContainerInspect, ContainerState, MountPoint } from "./inspect.ts";
import type { JournalEntry, SwapMember, SwapPlan, SwapStep } from "./journal.ts";
import type { Observed } from "./leftovers.ts";

const data: MountPoint = { Type: "volume", Name: "data", Source: "/v/data", Destination: "/data", RW: true };
const socket: MountPoint = {
  Type: "bind",
  Source: "/run/engine.sock",
  Destination: "/var/run/docker.sock",
  RW: false,
};

function container(name: string, Mounts: readonly MountPoint[] = [], networkMode = "home"): ContainerInspect {
  const Config = {
    Image: `${name}:1`,
    Env: ["A=b"],
    Entrypoint: ["gangway"],
    Cmd: ["run"],
    User: "",
    WorkingDir: "/app",
  };
  const HostConfig = { NetworkMode: networkMode };
  return {
    Id: `id-${name}`,
    Name: `/${name}`,
    Image: `sha256:${name}`,
    Config,
    HostConfig,
    Mounts,
  } as unknown as ContainerInspect;
}

const gangway = container("gangway", [data, socket]);
const web = container("web");
const proxy = container("proxy", [socket]);

function subject(changes: Partial<CourseSubject>): CourseSubject {
  return {
    name: "web",
    members: [web],
    restarts: [],
    own: gangway,
    isWayToEngine: ({ Id }) => Id === proxy.Id,
    engineHost: "unix:///var/run/docker.sock",
    dataDir: "/data",
    ...changes,
  };
}

const tcp = "tcp://proxy:2375";
const vpn = { ...container("vpn"), Id: "a".repeat(64) };
const inVpn = container("gangway", [data], `container:${"a".repeat(64)}`);

describe("who carries a replacement out", () => {
  it.each<readonly [string, Partial<CourseSubject>, object]>([
    ["of a container that is nothing to Gangway", {}, { kind: "direct" }],
    ["by a Gangway outside of containers", { own: undefined }, { kind: "direct" }],
    [
      "of Gangway itself",
      { name: "gangway", members: [gangway] },
      { kind: "helper", engineHost: "unix:///var/run/docker.sock", networked: false },
    ],
    ["of Gangway's network", { members: [vpn, inVpn], own: inVpn }, { kind: "helper", networked: false }],
    ["of a container after which Gangway is restarted", { restarts: ["gangway"] }, { kind: "helper" }],
    [
      "of Gangway itself, which has the engine at another address",
      { members: [gangway], engineHost: tcp },
      { kind: "helper", engineHost: tcp, networked: true },
    ],
    [
      "of the way to the engine",
      { name: "proxy", members: [proxy], engineHost: tcp },
      {
        kind: "helper",
        engineHost: "unix:///run/gangway-engine.sock",
        bind: "/run/engine.sock:/run/gangway-engine.sock",
        networked: false,
      },
    ],
    [
      "of the way to the engine, which has no socket",
      { name: "proxy", members: [{ ...proxy, Mounts: [data] }], engineHost: tcp },
      { kind: "refused", message: expect.stringContaining("proxy, which has no socket") },
    ],
    [
      "of the way to the engine, by a Gangway outside of containers",
      { name: "proxy", members: [proxy], own: undefined, engineHost: tcp },
      { kind: "refused", message: expect.stringContaining("reaches the engine through proxy") },
    ],
    [
      "of Gangway's network, by which it reaches the engine",
      { members: [vpn, inVpn], own: inVpn, engineHost: "tcp://10.0.0.9:2375" },
      { kind: "refused", message: expect.stringContaining("through the network of vpn") },
    ],
    [
      "of Gangway itself, whose notes are in no volume",
      { members: [gangway], dataDir: "/database" },
      { kind: "refused", message: expect.stringContaining("/database") },
    ],
  ])("%s", (_, changes, expected) => {
    expect(courseFor(subject(changes))).toMatchObject(expected);
  });
});

describe("the helper", () => {
  const plan = {
    body: {
      Image: "gangway:1",
      HostConfig: {
        Binds: ["data:/data"],
        PortBindings: { "5000/tcp": [{ HostPort: "5000" }] },
        NetworkMode: "home",
        CapDrop: ["ALL"],
      },
      NetworkingConfig: {
        EndpointsConfig: { home: { Aliases: ["gangway"], IPAMConfig: { IPv4Address: "10.0.0.7" } } },
      },
    },
    carry: ["/config/config.yaml"],
    connect: [{ network: "iot", endpoint: { Aliases: ["bridge"] } }],
    disconnect: [],
  } as unknown as SwapPlan;
  const course = (changes: Partial<CourseSubject>) =>
    courseFor(subject({ members: [gangway], ...changes })) as Extract<Course, { readonly kind: "helper" }>;

  it("has the old image, the mounts and the privileges, but no ports, no network and no labels of Gangway's", () => {
    const helper = helperFor(course({}), plan, "0a1b2c3d");

    expect(helper).toMatchObject({ container: "gangway.gw-helper-0a1b2c3d", madeAfter: "id-gangway", tries: 1 });
    expect(helper.plan).toMatchObject({ carry: ["/config/config.yaml"], connect: [] });
    expect(helper.plan.body).toEqual({
      Image: "sha256:gangway",
      Env: ["A=b"],
      User: "",
      WorkingDir: "/app",
      Entrypoint: ["gangway"],
      Cmd: ["finish", "0a1b2c3d"],
      Labels: { "gangway.helper": "0a1b2c3d" },
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        Binds: ["data:/data"],
        CapDrop: ["ALL"],
        NetworkMode: "none",
        RestartPolicy: { Name: "on-failure", MaximumRetryCount: 5 },
      },
      NetworkingConfig: { EndpointsConfig: {} },
    });
  });

  it("is in Gangway's networks where it needs them, under no name and address of Gangway's", () => {
    const { plan: planned } = helperFor(course({ engineHost: tcp }), plan, "0a1b2c3d");

    expect(planned.body.NetworkingConfig).toEqual({ EndpointsConfig: { home: {} } });
    expect(planned.body.HostConfig).toMatchObject({ NetworkMode: "home" });
    expect(planned.connect).toEqual([{ network: "iot", endpoint: {} }]);
  });

  it("is lent the socket of a proxy that is being replaced", () => {
    const lent = course({ members: [proxy], engineHost: tcp });

    expect(helperFor(lent, plan, "0a1b2c3d").plan.body.HostConfig).toMatchObject({
      Binds: ["data:/data", "/run/engine.sock:/run/gangway-engine.sock"],
      NetworkMode: "none",
    });
  });

  it.each([
    [["run"], ["finish", "0a1b2c3d"]],
    [[], ["finish", "0a1b2c3d"]],
    [
      ["--config", "/c.yaml", "run"],
      ["--config", "/c.yaml", "finish", "0a1b2c3d"],
    ],
    [["--log-level=debug"], ["finish", "0a1b2c3d", "--log-level=debug"]],
  ])("of a Gangway with the command %j has %j", (Cmd, expected) => {
    const own = { ...gangway, Config: { ...gangway.Config, Cmd } };

    expect(helperFor({ ...course({}), own }, plan, "0a1b2c3d").plan.body["Cmd"]).toEqual(expected);
  });
});

const operation = "0a1b2c3d";
const outcome = { state: "updated", message: "" } as const;

function entry(step: SwapStep, changes: Partial<JournalEntry> = {}): JournalEntry {
  return { container: "gangway", operation, step, helper: { tries: 1 }, ...changes } as unknown as JournalEntry;
}

function seen(name: string, id: string, running: boolean): ContainerInspect {
  return { Id: id, Name: `/${name}`, State: { Running: running } } as unknown as ContainerInspect;
}

const member = { container: "gangway", wasRunning: true } as unknown as SwapMember;
const before: Observed = {
  member,
  old: seen("gangway", "old", true),
  candidate: seen(`gangway.gw-new-${operation}`, "new", false),
};
const after: Observed = {
  member,
  old: seen(`gangway.gw-old-${operation}`, "old", false),
  candidate: seen("gangway", "new", true),
};
const lone: Observed = { ...after, old: undefined };

const up = { Running: true, Restarting: false, Paused: false } as ContainerState;
const between = { ...up, Running: false, Restarting: true } as ContainerState;
const paused = { ...up, Paused: true } as ContainerState;
const down = { ...up, Running: false } as ContainerState;
const gone = undefined;

describe("a Gangway that finds an operation of a helper", () => {
  it.each<readonly [string, string, JournalEntry, HelperSight["helper"], Observed, string]>([
    ["old", "whose helper works", entry("creating"), up, before, "wait"],
    ["old", "whose helper is being restarted", entry("switching"), between, before, "wait"],
    ["old", "whose helper is paused", entry("creating"), paused, before, "wait"],
    ["new", "whose helper watches it", entry("verifying"), up, after, "wait"],
    ["other", "whose helper replaces the way to the engine", entry("switching"), up, after, "wait"],
    ["new", "that is ended", entry("committed", { outcome }), up, lone, "settle"],
    ["new", "that is ended, and whose helper has ended too", entry("committed", { outcome }), down, lone, "settle"],
    [
      "old",
      "that was rolled back, and whose helper is gone",
      entry("rolling_back", { outcome }),
      gone,
      before,
      "settle",
    ],
    ["old", "whose helper was never created", entry("creating"), gone, before, "undo"],
    ["old", "whose helper was never started, or has ended", entry("creating"), down, before, "undo"],
    ["old", "whose helper ended while it stopped the old one", entry("switching"), down, before, "undo"],
    ["old", "whose helper ended in the rollback", entry("rolling_back"), down, before, "undo"],
    ["old", "that somebody started again", entry("verifying"), down, { ...after, old: before.old }, "undo"],
    ["new", "whose helper ended while it watched", entry("verifying"), down, after, "relaunch"],
    ["new", "whose helper ended before it watched", entry("switching"), gone, after, "relaunch"],
    ["new", "whose helper ended as it began to roll back", entry("rolling_back"), gone, after, "relaunch"],
    ["new", "whose helper ended when all was passed", entry("committed"), gone, after, "take_back"],
    ["new", "whose helper ended when the old one was gone", entry("committed"), down, lone, "take_back"],
    ["other", "whose helper ended while it watched", entry("verifying"), down, after, "take_back"],
    ["undefined", "whose helper ended, outside of containers", entry("switching"), gone, after, "take_back"],
  ])("as the %s one, %s: %6$s", (who, _, noted, helper, observed, step) => {
    const ownContainerId = who === "undefined" ? undefined : who;

    expect(helperStepFor(noted, { helper, observed: [observed], ownContainerId })).toBe(step);
  });

  it("starts no fourth helper", () => {
    const noted = entry("verifying", { helper: { tries: 3 } as JournalEntry["helper"] & object });

    expect(helperStepFor(noted, { helper: down, observed: [after], ownContainerId: "new" })).toBe("give_up");
  });

  it("does not undo what would take itself away, where another new one is gone after all was passed", () => {
    const child: Observed = { member: { ...member, newId: "d" }, old: seen("child", "c", false), candidate: undefined };
    const sight = { helper: gone, observed: [after, child], ownContainerId: "new" };

    expect(helperStepFor(entry("committed"), sight)).toBe("relaunch");
  });
});
