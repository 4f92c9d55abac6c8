import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { giveName } from "./give-name.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gangway-name-"));
  writeFileSync(join(directory, "part"), "new");
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("a file that is whole", () => {
  it("gets its name", async () => {
    expect(await giveName(join(directory, "part"), join(directory, "whole"))).toBe(true);
    expect(readdirSync(directory)).toEqual(["whole"]);
    expect(readFileSync(join(directory, "whole"), "utf8")).toBe("new");
  });

  it("does not take the place of another", async () => {
    writeFileSync(join(directory, "whole"), "old");

    expect(await giveName(join(directory, "part"), join(directory, "whole"))).toBe(false);
    expect(readFileSync(join(directory, "whole"), "utf8")).toBe("old");
  });
});
