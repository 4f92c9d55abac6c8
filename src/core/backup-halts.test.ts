import { describe, expect, it } from "vitest";
import { type HaltSubject, planHalts } from "./backup-halts.ts";
import type { ContainerInspect, MountPoint } from "./inspect.ts";

interface Wish {
  readonly mounts?: readonly Partial<MountPoint>[];
  readonly host?: object;
  readonly state?: Partial<ContainerInspect["State"]>;
  readonly labels?: Readonly<Record<string, string>>;
}

const data: Partial<MountPoint> = { Type: "volume", Name: "data", RW: true, Source: "", Destination: "/data" };
const bind = (Source: string, RW = true): Partial<MountPoint> => ({ Type: "bind", Source, RW, Destination: "/b" });

function container(name: string, { mounts = [data], host, state, labels = {} }: Wish = {}): ContainerInspect {
  return {
    Id: Buffer.from(name).toString("hex").padEnd(64, "0"),
    Name: `/${name}`,
    Config: { Image: "app", Labels: labels },
    HostConfig: { NetworkMode: "bridge", ...host },
    State: { Running: true, Paused: false, Restarting: false, StartedAt: `start of ${name}`, ...state },
    Mounts: mounts,
  } as unknown as ContainerInspect;
}

function halted(all: readonly ContainerInspect[], subject: Partial<HaltSubject> = {}): readonly string[] {
  const plan = planHalts({
    ...{ all, consistency: "stop", volumes: ["data"], binds: [], isNeeded: () => false },
    ...subject,
  });
  if (plan.kind === "refused") return ["refused", plan.message];
  return [...plan.halts.map(({ container: name, deed }) => `${deed} ${name}`), ...plan.warnings];
}

const within = (parent: string) => ({ NetworkMode: `container:${parent}` });
const none: readonly MountPoint[] = [];

describe("who is halted for a backup", () => {
  it.each<readonly [string, readonly ContainerInspect[], Partial<HaltSubject>, readonly string[]]>([
    ["the container itself", [container("web")], {}, ["stop web"]],
    ["all that write to its volume", [container("web"), container("db")], {}, ["stop web", "stop db"]],
    ["nobody of another volume", [container("web", { mounts: [{ ...data, Name: "other" }] })], {}, []],
    ["nobody who only reads", [container("web", { mounts: [{ ...data, RW: false }] })], {}, []],
    ["nobody who does not run", [container("web", { state: { Running: false } })], {}, []],
    ["nobody who is paused", [container("web", { state: { Paused: true } })], {}, []],
    ["nobody where nothing is read", [container("web")], { volumes: [] }, []],
    [
      "volumes whose name only the directory tells",
      [container("web", { mounts: [{ Type: "volume", Source: "/var/lib/docker/volumes/data/_data", RW: true }] })],
      {},
      ["stop web"],
    ],
    [
      "all that write to a directory of the host, above it and below it",
      [
        ...[container("same", { mounts: [bind("/srv/a")] }), container("above", { mounts: [bind("/srv")] })],
        ...[container("below", { mounts: [bind("/srv/a/b")] }), container("root", { mounts: [bind("/")] })],
        ...[
          container("beside", { mounts: [bind("/srv/ab")] }),
          container("reads", { mounts: [bind("/srv/a", false)] }),
        ],
      ],
      { volumes: [], binds: ["/srv/a"] },
      ["stop same", "stop above", "stop below", "stop root"],
    ],
    [
      "those in its network too, after it",
      [
        ...[container("c", { mounts: none, host: within("b") }), container("b", { mounts: none, host: within("web") })],
        ...[container("off", { mounts: none, host: within("web"), state: { Running: false } }), container("web")],
      ],
      {},
      ["stop web", "stop b", "stop c"],
    ],
    [
      "those that write in its network once",
      [container("b", { host: within("web") }), container("web")],
      {},
      ["stop web", "stop b"],
    ],
    [
      "with a pause nobody else",
      [container("b", { mounts: none, host: within("web") }), container("web")],
      { consistency: "pause" },
      ["pause web"],
    ],
    [
      "by a stop where a pause is impossible",
      [container("web", { state: { Restarting: true } })],
      { consistency: "pause" },
      ["stop web"],
    ],
    [
      "nobody, and that is said",
      [container("web")],
      { consistency: "live" },
      ["web went on while the data was read: it may be of different moments."],
    ],
    [
      "nobody whom Gangway needs, and that is said",
      [container("own"), container("web")],
      { isNeeded: ({ Name }) => Name === "/own" },
      ["stop web", expect.stringMatching(/^own went on .* for Gangway needs it/)],
    ],
    [
      "nobody in whose network Gangway is",
      [container("vpn"), container("own", { mounts: none, host: within("vpn") })],
      { isNeeded: ({ Name }) => Name === "/own" },
      [expect.stringMatching(/^vpn went on/)],
    ],
    [
      "nobody who would be gone",
      [container("web", { host: { AutoRemove: true } })],
      {},
      ["refused", expect.stringContaining("gangway.backup.consistency to pause")],
    ],
    [
      "nobody whom Swarm would replace",
      [container("web", { labels: { "com.docker.swarm.task.id": "1" } })],
      {},
      ["refused", expect.stringContaining("Swarm")],
    ],
    [
      "even such, where a pause is enough",
      [container("web", { host: { AutoRemove: true } })],
      { consistency: "pause" },
      ["pause web"],
    ],
  ])("%s", (_, all, subject, expected) => {
    expect(halted(all, subject)).toEqual(expected);
  });

  it("is noted with what tells later whether it was stopped", () => {
    const plan = planHalts({
      all: [container("web")],
      consistency: "stop",
      volumes: ["data"],
      binds: [],
      isNeeded: () => false,
    });

    expect(plan).toMatchObject({ halts: [{ container: "web", id: container("web").Id, startedAt: "start of web" }] });
  });
});
