import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.ts";

describe("the arguments of gangway prune", () => {
  it.each([
    [[], { what: "images" }, false],
    [["--yes", "--all"], { what: "images", all: true }, true],
    [["--what", "build_cache", "--older-than", "4w"], { what: "build_cache", olderThanMs: 2_419_200_000 }, false],
  ] as const)("%j mean %j, to be done: %j", (args, prune, yes) => {
    expect(parseCommandLine(["prune", ...args])).toMatchObject({ kind: "command", command: "prune", prune, yes });
  });

  it.each([
    [
      ["prune", "--what", "everything"],
      /^--what takes images, containers, volumes, networks, build_cache; found "everything"\.$/,
    ],
    [["prune", "--older-than", "soon"], /^--older-than takes an age such as 12h, 30d or 4w\.$/],
    [["prune", "web"], /^"prune" takes no names/],
    [["check", "--yes"], /^"check" has no --yes\.$/],
    [["run", "--what", "volumes"], /^"run" has no --what\.$/],
    [["plan", "--all"], /^"plan" has no --all\.$/],
  ])("%j are a mistake", (args, message) => {
    expect(parseCommandLine(args)).toMatchObject({ kind: "mistake", message: expect.stringMatching(message) });
  });
});

describe("the arguments of gangway backup, backups and restore", () => {
  it.each([
    [["backup", "web", "db"], { names: ["web", "db"], isAll: false }],
    [["backup", "--all"], { names: [], isAll: true }],
    [["backups"], { names: [] }],
    [["backups", "web", "--json"], { names: ["web"], json: true }],
    [["restore", "web.tar"], { names: ["web.tar"], dryRun: false, restore: {} }],
    [["restore", "web.tar", "--dry-run", "--no-start"], { dryRun: true, restore: { start: false } }],
    [
      ["restore", "web.tar", "--name", "old", "--volumes", "new", "--port", "80=81", "--port", "53/udp=54", "--start"],
      { restore: { name: "old", volumes: "new", ports: { "80/tcp": "81", "53/udp": "54" }, start: true } },
    ],
  ] as const)("%j are understood", (args, expected) => {
    expect(parseCommandLine(args)).toMatchObject({ kind: "command", command: args[0], ...expected });
  });

  it.each([
    [["backup"], /^"backup" takes names of containers, or --all\.$/],
    [["backup", "web", "--all"], /^"backup" takes names of containers, or --all\.$/],
    [["import"], /^"import" takes the files/],
    [["restore"], /^"restore" takes one file; gangway backups lists them\.$/],
    [["restore", "a.tar", "b.tar"], /takes one file/],
    [["restore", "a.tar", "--volumes", "some"], /^--volumes takes same, new/],
    [["restore", "a.tar", "--port", "80:81"], /^--port takes .*80\/tcp=8081\.$/],
    [["restore", "a.tar", "--name", ""], /^--name takes/],
    [["backup", "web", "--dry-run"], /^"backup" has no --dry-run\.$/],
    [["run", "--no-start"], /^"run" has no --start\.$/],
  ] as const)("%j are a mistake", (args, message) => {
    expect(parseCommandLine(args)).toMatchObject({ kind: "mistake", message: expect.stringMatching(message) });
  });
});
