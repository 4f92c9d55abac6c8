import { describe, expect, it } from "vitest";
import { parseYaml } from "./yaml-file.ts";

describe("parseYaml", () => {
  it("knows the line and column of every key and value", () => {
    const file = parseYaml("mqtt:\n  url: mqtt://broker\nengines:\n  - node: nas\n  - host: x\n");

    expect(file.positionOf(["mqtt", "url"], "value")).toEqual({ line: 2, column: 8 });
    expect(file.positionOf(["mqtt", "url"], "key")).toEqual({ line: 2, column: 3 });
    expect(file.positionOf(["engines", 1, "host"], "value")).toEqual({ line: 5, column: 11 });
  });

  it("points to the nearest thing around what is not there", () => {
    const file = parseYaml("engines:\n  - node: nas\nmqtt:\n");

    expect(file.positionOf(["engines", 0, "host"], "value")).toEqual({ line: 2, column: 5 });
    expect(file.positionOf(["mqtt", "url"], "value")).toEqual({ line: 3, column: 1 });
    expect(file.positionOf(["absent"], "value")).toEqual({ line: 1, column: 1 });
  });

  it("finds every fault of a file at once", () => {
    const file = parseYaml('a:\n\tb: 1\nc: "x\\qy"\n');

    expect(file.readable).toBe(false);
    expect(file.faults.map(({ line }) => line)).toEqual([2, 3]);
    expect(file.faults[0]).toMatchObject({ expected: "spaces for indentation", found: "a tab" });
  });

  it("names a key that stands twice, and still gives the rest to be judged", () => {
    const file = parseYaml("engines:\n  - host: a\n    host: b\n");

    expect(file.faults).toEqual([
      { line: 3, column: 5, key: "engines[0].host", expected: "each key once", found: "this key a second time" },
    ]);
    expect(file.readable).toBe(true);
  });

  it("refuses a file that grows beyond measure through its aliases", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`);
    const file = parseYaml(["l0: &l0 [x]", ...levels].join("\n"));

    expect(file.readable).toBe(false);
    expect(file.faults).toMatchObject([{ expected: "at most 100 uses of aliases (*)" }]);
  });

  it("refuses an alias that stands for nothing", () => {
    expect(parseYaml("a: 1\nb: *nothing\n").faults).toMatchObject([{ line: 2, column: 4 }]);
  });

  it("refuses a second document and tags it does not know", () => {
    expect(parseYaml("a: 1\n---\nb: 2\n").faults).toMatchObject([{ line: 2, expected: "one document" }]);
    expect(parseYaml("a: !secret broker\n").faults).toMatchObject([{ line: 1, expected: "a value without a tag" }]);
  });

  it("takes an empty file for an empty configuration", () => {
    expect(parseYaml("# nothing\n")).toMatchObject({ value: null, faults: [], readable: true });
  });

  it("quotes nothing of the file", () => {
    const file = parseYaml('password: "hunter2\\q"\ntoken: @hunter2\nkey: ] hunter2\n');

    expect(file.faults.length).toBeGreaterThan(1);
    expect(JSON.stringify(file.faults)).not.toContain("hunter2");
  });
});
