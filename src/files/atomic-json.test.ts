import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { changesIn, nodeArguments, runChild } from "../../test/child.ts";
import { type Damage, readJson, writeJson } from "./atomic-json.ts";

const Known = z.strictObject({ node: z.string(), count: z.number() });
const module = pathToFileURL(join(import.meta.dirname, "atomic-json.ts")).href;

let directory = "";
let path = "";
let damages: Damage[] = [];
const onDamage = (damage: Damage): void => {
  damages.push(damage);
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gangway-files-"));
  path = join(directory, "known.json");
  damages = [];
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe("writeJson", () => {
  it("writes a file that only its owner can read, and leaves nothing else behind", async () => {
    await writeJson(path, { node: "nas", count: 1 });

    expect(await readFile(path, "utf8")).toBe('{\n  "node": "nas",\n  "count": 1\n}\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(["known.json"]);
  });

  it("takes the rights of others away from a file that had them", async () => {
    await writeFile(path, "{}", { mode: 0o644 });
    await writeJson(path, {});

    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("keeps the order of calls that were not waited for", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, count) => writeJson(path, { node: "nas", count })));

    expect(await readJson(path, Known, { onDamage })).toEqual({ node: "nas", count: 19 });
  });

  it("writes through a link instead of replacing it", async () => {
    const target = join(directory, "elsewhere", "target.json");
    await mkdir(join(directory, "elsewhere"));
    await writeFile(target, "{}");
    await symlink(target, path);
    await writeJson(path, { node: "nas" });

    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(target, "utf8"))).toEqual({ node: "nas" });
  });

  it("rejects with file_failed where it cannot write", async () => {
    await expect(writeJson(join(directory, "absent", "known.json"), {})).rejects.toMatchObject({ code: "file_failed" });
  });

  it("keeps the old content when there is no room for the new", async () => {
    await writeJson(path, { node: "old", count: 1 });
    // A limit on the size of files makes the first write come up short, as a full disk does.
    const limited = ["-c", 'ulimit -f 8; exec "$0" "$@"', process.execPath, ...scriptOf(writeOnce)];

    expect(await runChild("bash", limited)).toEqual({ code: 0, lines: ["file_failed"] });
    expect(await readJson(path, Known, { onDamage })).toEqual({ node: "old", count: 1 });
    expect(await readdir(directory)).toEqual(["known.json"]);
  });

  it("never leaves a damaged file when the process is killed", async () => {
    const Whole = z.object({ first: z.number(), padding: z.string(), last: z.number() });
    for (let round = 1; round <= 8; round += 1) {
      const { lines } = await runChild(process.execPath, scriptOf(writeForever), changesIn(directory, round * 7));
      const found = await readJson(path, Whole, { onDamage });

      expect(found?.first).toBe(found?.last);
      expect(found?.first ?? 0).toBeGreaterThanOrEqual(Number(lines.at(-1) ?? 0));
    }
    expect(damages).toEqual([]);
  }, 60_000);
});

describe("readJson", () => {
  it("reads back what was written", async () => {
    await writeJson(path, { node: "nas", count: 2 });

    expect(await readJson(path, Known, { onDamage })).toEqual({ node: "nas", count: 2 });
    expect(damages).toEqual([]);
  });

  it("knows nothing where there is no file", async () => {
    expect(await readJson(path, Known, { onDamage })).toBeUndefined();
    expect(damages).toEqual([]);
  });

  it.each([
    ["is cut off", '{"node":"na', "The file is not JSON."],
    ["is empty", "", "The file is not JSON."],
    ["is something else", '{"node":5,"count":1}', "The file does not hold what it should (node)."],
    ["is a list", "[]", "The file does not hold what it should (the whole)."],
  ])("sets a file aside that %s, and reports it", async (_, text, reason) => {
    await writeFile(path, text);

    expect(await readJson(path, Known, { onDamage })).toBeUndefined();
    const [name = "", ...others] = await readdir(directory);
    expect(others).toEqual([]);
    expect(name).toMatch(/^known\.json\.corrupt-\d{8}T\d{9}Z$/);
    expect(await readFile(join(directory, name), "utf8")).toBe(text);
    expect(damages).toEqual([{ path, reason, setAside: join(directory, name) }]);
  });

  it("rejects with file_failed where there is something that cannot be read", async () => {
    await expect(readJson(directory, Known, { onDamage })).rejects.toMatchObject({ code: "file_failed" });
    expect(damages).toEqual([]);
  });
});

const writeOnce = `
  process.on("SIGXFSZ", () => {});
  const outcome = await writeJson(path, { node: "new".repeat(100_000), count: 2 }).then(() => "written", ({ code }) => code);
  console.log(outcome);
`;

const writeForever = `
  for (let n = 0; ; n += 1) {
    await writeJson(path, { first: n, padding: "x".repeat(16_000_000), last: n });
    console.log(n);
  }
`;

/** Node's arguments for running `source` with `path` and the function under test at hand. */
function scriptOf(source: string): readonly string[] {
  return nodeArguments(
    `import { writeJson } from ${JSON.stringify(module)}; const path = ${JSON.stringify(path)}; ${source}`,
  );
}
