import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { problemsOf } from "../../test/configuration.ts";
import { readFile } from "./source.ts";

describe("readFile", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "gangway-config-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("reads text and mode, and tells a missing file from a directory that a container engine made of one", () => {
    writeFileSync(join(directory, "config.yaml"), "node: nas\n");
    chmodSync(join(directory, "config.yaml"), 0o640);
    mkdirSync(join(directory, "made"));

    expect(readFile(join(directory, "config.yaml"))).toEqual({ kind: "text", text: "node: nas\n", mode: 0o100_640 });
    expect(readFile(join(directory, "absent"))).toEqual({ kind: "missing" });
    expect(readFile(join(directory, "made"))).toEqual({ kind: "unreadable", reason: "a directory" });
    expect(problemsOf({ readFile, commandLine: { config: join(directory, "made") } })).toEqual([
      "--config: expected a file with the configuration, found a directory",
    ]);
  });
});
