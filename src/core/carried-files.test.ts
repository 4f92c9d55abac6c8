import { describe, expect, it } from "vitest";
import { carriableFilesOf, carriedAt, isCarried, lostFilesFor } from "./carried-files.ts";
import type { ContainerInspect, FileChange, FileStat } from "./inspect.ts";

type Mounted = Pick<ContainerInspect, "Mounts" | "HostConfig">;

const mounted = (destinations: readonly string[] = [], hostConfig: Partial<Mounted["HostConfig"]> = {}): Mounted => ({
  Mounts: destinations.map((Destination) => ({ Type: "volume", Source: "/volumes/v", Destination, RW: true })),
  HostConfig: { NetworkMode: "default", ...hostConfig },
});
const changed = (...paths: readonly string[]): readonly FileChange[] =>
  paths.map((path) => ({ path, kind: "modified" }));
const added = (...paths: readonly string[]): readonly FileChange[] => paths.map((path) => ({ path, kind: "added" }));

describe("the files that a replacement would lose", () => {
  const cases: readonly (readonly [string, Mounted, readonly FileChange[], readonly string[]])[] = [
    ["none of a container that wrote none", mounted(), [], []],
    ["added ones", mounted(), added("/root.txt"), ["/root.txt"]],
    ["changed ones of the image", mounted(), changed("/etc/app.conf", "/etc"), ["/etc/app.conf"]],
    [
      "not the directories that they are in",
      mounted(),
      [...changed("/srv"), ...added("/srv/a", "/srv/a/b")],
      ["/srv/a/b"],
    ],
    ["not one that was deleted, for it is the image's", mounted(), [{ path: "/etc/motd", kind: "deleted" }], []],
    [
      "not the directory of one that was deleted",
      mounted(),
      [...changed("/etc"), { path: "/etc/motd", kind: "deleted" }],
      [],
    ],
    ["not what a volume is mounted over", mounted(["/data"]), added("/data", "/data/x"), []],
    ["but what only begins like a mount", mounted(["/data"]), added("/database"), ["/database"]],
    [
      "not the directories that a mount is in",
      mounted(["/var/lib/app/"]),
      added("/var", "/var/lib", "/var/lib/app"),
      [],
    ],
    ["not what a tmpfs is mounted over", mounted([], { Tmpfs: { "/run": "" } }), added("/run", "/run/pid"), []],
    [
      "not what a mount is asked for at",
      mounted([], { Mounts: [{ Type: "tmpfs", Target: "/scratch" }] }),
      added("/scratch"),
      [],
    ],
    [
      "not what the engine makes",
      mounted(),
      [
        ...changed("/etc", "/dev"),
        ...added("/.dockerenv", "/dev/console", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"),
      ],
      [],
    ],
    ["in order", mounted(), added("/b", "/a", "/B"), ["/B", "/a", "/b"]],
  ];
  it.each(cases)("are %s", (_, inspect, changes, expected) => {
    expect(lostFilesFor(inspect, changes)).toEqual({ paths: expected, total: expected.length });
  });

  it("are not those that are carried over", () => {
    expect(lostFilesFor(mounted(), added("/carried", "/lost"), ["/carried"])).toEqual({ paths: ["/lost"], total: 1 });
  });

  it("are counted all, and named up to a hundred", () => {
    const many = added(...Array.from({ length: 250 }, (_, index) => `/f${String(index).padStart(3, "0")}`));
    const { paths, total } = lostFilesFor(mounted(), many);

    expect(total).toBe(250);
    expect(paths).toHaveLength(100);
    expect(paths.at(-1)).toBe("/f099");
  });
});

describe("what compose has put into a container", () => {
  const never = "0001-01-01T00:00:00Z";
  const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 12) + seconds * 1_000).toISOString();
  /** Created 0.4 s after a whole second. */
  const created = at(0.4);
  type Times = Parameters<typeof isCarried>[0];
  const times = (started: string, finished = never, RestartCount = 0): Times => ({
    Created: created,
    RestartCount,
    State: { StartedAt: started, FinishedAt: finished } as Times["State"],
  });
  const first = times(at(0.8));
  const waited = times(at(90.2));
  const again = times(at(86_400.7), at(86_000));
  const file = (modifiedAt: string, more: Partial<FileStat> = {}): FileStat => ({
    isRegular: true,
    bytes: 10,
    modifiedAt,
    ...more,
  });
  const whole = (seconds: number): string => at(seconds).replace(".000Z", "Z");

  type Case = readonly [isCarried: boolean, what: string, times: Times, stat: FileStat, path?: string];
  const cases: readonly Case[] = [
    [true, "a file between creation and first start", first, file(at(0.6))],
    [true, "one of the very moment of the creation", first, file(created)],
    [false, "one of the moment of the first start", first, file(at(0.8))],
    [false, "one of before the creation", first, file(at(0.399))],
    [true, "one whose time was rounded down to before the creation", first, file(whole(0))],
    [true, "one whose time was rounded up to after the start", first, file(whole(1))],
    [false, "one of a whole second that is no rounding of the time in question", first, file(whole(2))],
    [true, "one that was put there before a wait for others", waited, file(whole(1))],
    [true, "one that was put there after it", waited, file(whole(90))],
    [true, "one of an engine that is in another zone", first, file("2026-01-01T13:00:01+01:00")],
    [true, "one with zeros for decimals", first, file("2026-01-01T12:00:01.000000000Z")],
    [true, "one in a container that never started", times(never), file(at(3_600.5))],
    [true, "one of the creation in a container that was started again", again, file(whole(1))],
    [true, "one of a first start that waited for others, too", again, file(whole(240))],
    [true, "one of just before the last start", again, file(whole(86_399))],
    [true, "one whose time was rounded up to after the last start", again, file(whole(86_401))],
    [false, "one that the application wrote at its first start", again, file(at(1.123))],
    [false, "one of some whole second in between", again, file(whole(7_200))],
    [false, "one of after the last start", again, file(whole(90_000))],
    [false, "one that the application wrote, where the engine restarted it", times(at(50), never, 1), file(at(1.2))],
    [true, "one of the creation, where the engine restarted it", times(at(50), never, 1), file(whole(1))],
    [false, "a directory", first, file(at(0.6), { isRegular: false })],
    [true, "a mebibyte", first, file(at(0.6), { bytes: 1_048_576 })],
    [false, "more than a mebibyte", first, file(at(0.6), { bytes: 1_048_577 })],
    [true, "a secret of any time and size", again, file(at(90_000.5), { bytes: 2_000_000 }), "/run/secrets/deep/er"],
    [false, "what only begins like one", again, file(at(90_000.5)), "/run/secrets.txt"],
    [false, "a link among the secrets", first, file(at(0.6), { isRegular: false }), "/run/secrets/s"],
  ];
  it.each(cases.map((subject) => [subject[0], subject[1], subject] as const))("%s: %s", (expected, _, subject) => {
    const [, , inspect, stat, path = "/etc/app.conf"] = subject;

    expect(isCarried(inspect, path, stat)).toBe(expected);
  });

  it.each([at(0.4), at(0.5), at(0.499), at(0), at(0.999)])("is found again in a container of %s", (Created) => {
    const copy = file(new Date(carriedAt({ Created })).toISOString().replace(".000Z", "Z"));
    const inspects = [first, waited, again].map((inspect) => ({ ...inspect, Created }));

    expect(inspects.map((inspect) => isCarried(inspect, "/etc/app.conf", copy))).toEqual([true, true, true]);
  });

  it("is not looked for among many files of one directory, save where secrets are", () => {
    const many = (directory: string) => added(...Array.from({ length: 101 }, (_, index) => `${directory}/${index}`));

    expect(carriableFilesOf(mounted(), [...many("/cache"), ...added("/etc/app.conf")])).toEqual(["/etc/app.conf"]);
    expect(carriableFilesOf(mounted(), many("/run/secrets"))).toHaveLength(101);
  });
});
