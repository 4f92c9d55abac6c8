import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { changesIn, nodeArguments, runChild } from "../../test/child.ts";
import { parseExact } from "../lib/exact-json.ts";
import type { Damage } from "./atomic-json.ts";
import { type Journal, openJournal, readJournal } from "./journal-store.ts";

const Entry = z.looseObject({ operation: z.string(), step: z.number() });
type Entry = z.infer<typeof Entry>;

let root = "";
let directory = "";
let damages: Damage[] = [];

const open = (): Promise<Journal<Entry>> =>
  openJournal({ onDamage: (damage) => damages.push(damage) }, { directory, schema: Entry, version: 2 });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "gangway-journal-"));
  directory = join(root, "data", "journal");
  damages = [];
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("the journal", () => {
  it("keeps one file per operation, which outlives the program", async () => {
    const journal = await open();
    await journal.put({ operation: "b", step: 1 });
    await journal.put({ operation: "a", step: 1 });
    await journal.put({ operation: "b", step: 2 });

    expect(await readdir(directory)).toEqual(["a.json", "b.json"]);
    expect(await (await open()).all()).toEqual([
      { operation: "a", step: 1 },
      { operation: "b", step: 2 },
    ]);
  });

  it("refuses to open, and changes nothing, where a newer Gangway has left something half done", async () => {
    await (await open()).put({ operation: "a", step: 1, schema: 3 });
    const before = await readFile(join(directory, "a.json"), "utf8");

    await expect(open()).rejects.toThrow(/newer Gangway .*schema is 3, this one knows 2/);

    expect(await readFile(join(directory, "a.json"), "utf8")).toBe(before);
    expect(damages).toEqual([]);
  });

  it("is readable by its owner only", async () => {
    await (await open()).put({ operation: "a", step: 1 });

    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, "a.json"))).mode & 0o777).toBe(0o600);
  });

  it("forgets an operation that was removed, and does not mind one that it never knew", async () => {
    const journal = await open();
    await journal.put({ operation: "a", step: 1 });
    await journal.remove("a");
    await journal.remove("b");

    expect(await journal.all()).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("keeps the order of calls that were not waited for", async () => {
    const journal = await open();
    const first = Array.from({ length: 10 }, (_, step) => journal.put({ operation: "a", step }));
    const calls = [...first, journal.remove("a"), journal.put({ operation: "b", step: 1 }), journal.remove("b")];
    await Promise.all(calls);

    expect(await journal.all()).toEqual([]);
  });

  it("keeps integers beyond 2^53 as they are", async () => {
    const journal = await open();
    const text = '{"operation":"a","step":1,"body":{"Ulimits":[{"Hard":18446744073709551615}]}}';
    await journal.put(Entry.parse(parseExact(text)));

    expect(await readFile(join(directory, "a.json"), "utf8")).toContain('"Hard": 18446744073709551615\n');
    const [entry] = await (await open()).all();
    expect(JSON.stringify(entry)).toBe(text);
  });

  it("sets damaged entries aside and keeps the others", async () => {
    const journal = await open();
    await journal.put({ operation: "a", step: 1 });
    await writeFile(join(directory, "b.json"), '{"operation":"b","st');
    await writeFile(join(directory, "c.json"), '{"operation":"c","step":"one"}');
    await writeFile(join(directory, "d.json"), '{"operation":"a","step":9}');

    expect(await journal.all()).toEqual([{ operation: "a", step: 1 }]);
    expect(damages.map(({ path, reason }) => [path.slice(-6), reason])).toEqual([
      ["b.json", "The file is not JSON."],
      ["c.json", "The file does not hold what it should (step)."],
      ["d.json", "The file is about another operation."],
    ]);
    expect((await readdir(directory)).map((name) => name.replace(/-\d+T\d+Z$/, ""))).toEqual([
      "a.json",
      "b.json.corrupt",
      "c.json.corrupt",
      "d.json.corrupt",
    ]);
    expect(await journal.all()).toEqual([{ operation: "a", step: 1 }]);
    expect(damages).toHaveLength(3);
  });

  it("stays in its directory, whatever an operation is called", async () => {
    const journal = await open();
    const operations = ["../../outside", "/etc/x", "..", "a/b", "ü", "\ud800", ""].sort();
    for (const operation of operations) await journal.put({ operation, step: 1 });

    expect((await journal.all()).map(({ operation }) => operation.toWellFormed()).sort()).toEqual(
      operations.map((operation) => operation.toWellFormed()).sort(),
    );
    expect(await readdir(root)).toEqual(["data"]);
    expect(await readdir(join(root, "data"))).toEqual(["journal"]);
    for (const operation of operations) await journal.remove(operation);
    expect(await readdir(directory)).toEqual([]);
  });

  it("clears away what a killed process left half written, and nothing else", async () => {
    await open();
    await writeFile(join(directory, "a.json.2877129533"), '{"operation":"a","st');
    await utimes(join(directory, "a.json.2877129533"), new Date(0), new Date(0));
    await writeFile(join(directory, "a.json.corrupt-20260101T000000000Z"), "");
    await open();

    expect(await readdir(directory)).toEqual(["a.json.corrupt-20260101T000000000Z"]);
  });

  it("leaves alone what another process is just writing", async () => {
    await open();
    await writeFile(join(directory, "a.json.2877129533"), '{"operation":"a","st');
    await open();

    expect(await readdir(directory)).toEqual(["a.json.2877129533"]);
  });

  it("can be read from outside, and nothing is made or changed by that", async () => {
    const read = () => readJournal({ directory, schema: Entry });
    expect(await read()).toEqual([]);
    await expect(readdir(directory)).rejects.toThrow("ENOENT");
    await (await open()).put({ operation: "a", step: 1 });
    expect(await read()).toEqual([{ operation: "a", step: 1 }]);

    await writeFile(join(directory, "b.json"), "{");
    await expect(read()).rejects.toMatchObject({ code: "file_failed" });
    expect(await readdir(directory)).toEqual(["a.json", "b.json"]);
  });

  it("goes on after a failure", async () => {
    const journal = await open();

    await expect(journal.put({ operation: "x".repeat(300), step: 1 })).rejects.toMatchObject({ code: "file_failed" });
    await journal.put({ operation: "a", step: 1 });
    expect(await journal.all()).toEqual([{ operation: "a", step: 1 }]);
  });

  it("has every entry that was promised, and none that is damaged, after the process was killed", async () => {
    await open();
    for (let round = 1; round <= 6; round += 1) {
      const { lines } = await runChild(process.execPath, nodeArguments(writer()), changesIn(directory, round * 9));
      for (const name of await readdir(directory)) await utimes(join(directory, name), new Date(0), new Date(0));
      const entries = await (await open()).all();

      expect(damages).toEqual([]);
      for (const [operation, step] of lines.map((line) => JSON.parse(line) as [string, number])) {
        expect(entries.find((entry) => entry.operation === operation)?.step).toBeGreaterThanOrEqual(step);
      }
      expect((await readdir(directory)).filter((name) => !name.endsWith(".json"))).toEqual([]);
    }
  }, 60_000);
});

/** A program that puts entries and writes a line for each put that has resolved. */
function writer(): string {
  const url = JSON.stringify(pathToFileURL(join(import.meta.dirname, "journal-store.ts")).href);
  return `
    import { openJournal } from ${url};
    const journal = await openJournal({ onDamage: () => {} }, { directory: ${JSON.stringify(directory)}, schema: {} });
    for (let step = Date.now(); ; step += 1) {
      const operation = "operation-" + (step % 3);
      await journal.put({ operation, step, padding: "x".repeat(8_000_000) });
      console.log(JSON.stringify([operation, step]));
    }`;
}
