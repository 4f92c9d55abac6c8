import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

interface Promised {
  readonly file: string;
  readonly name: string;
}

/** The tests that the last column of a row names: a file, a colon, and names, all of them set as code. */
function testsIn(row: string): readonly Promised[] {
  const cell = row.split(" | ").at(-1) ?? "";
  let file = "";
  return [...cell.matchAll(/(?<ticks>`+)(?<code>.+?)\k<ticks>(?<colon>:)?/g)].flatMap(({ groups = {} }) => {
    const { code = "", colon } = groups;
    if (colon === undefined) return [{ file, name: code }];
    file = code;
    return [];
  });
}

const lines = readFileSync(join(root, "docs", "promises.md"), "utf8").split("\n");
const isRule = (line: string | undefined): boolean => line?.startsWith("| ---") === true;
const rows = lines.filter((line, index) => line.startsWith("| ") && !isRule(line) && !isRule(lines[index + 1]));
const promised = rows.flatMap(testsIn);

function source(file: string): string {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "";
}

describe("the table of promises", () => {
  it.each(promised)("names a test that there is: $file: $name", ({ file, name }) => {
    expect(source(file)).toContain(name);
  });

  it("names one for each promise", () => {
    const without = rows.filter((row) => testsIn(row).length === 0);

    expect(rows.length).toBeGreaterThan(30);
    expect(without).toEqual([]);
  });
});
