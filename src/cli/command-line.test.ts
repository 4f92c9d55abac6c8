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
