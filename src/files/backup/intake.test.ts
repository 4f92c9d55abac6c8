import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupFile, backupPlan, putBackup } from "../../../test/backup-plan.ts";
import { receiveBackup } from "./intake.ts";
import { openVault } from "./vault.ts";

let above: string;
let directory: string;
let content: Buffer;
beforeEach(async () => {
  above = mkdtempSync(join(tmpdir(), "gangway-intake-"));
  directory = join(above, "backups");
  await putBackup(join(above, "elsewhere"));
  content = readFileSync(join(above, "elsewhere", backupFile));
});
afterEach(() => rmSync(above, { recursive: true }));

const signal = new AbortController().signal;
const most = 2 ** 40;
const coming = (pieces: Iterable<Buffer> | AsyncIterable<Buffer> = [content]) => ({
  ...{ file: backupFile, bytes: undefined, most },
  content: Readable.from(pieces),
});

describe("an upload", () => {
  it("is one of two with the same name that come at once, and stays whole", async () => {
    const vault = openVault(directory, undefined, "nas");
    const ends = Promise.withResolvers<void>();
    async function* slow(): AsyncGenerator<Buffer> {
      yield content.subarray(0, 10);
      await ends.promise;
      yield content.subarray(10);
    }
    const first = vault.receive(coming(slow()), signal);
    const second = await vault.receive(coming(), signal);
    ends.resolve();

    expect([second.kind, (await first).kind]).toEqual(["exists", "received"]);
    expect(readdirSync(directory)).toEqual([backupFile]);
    expect(readFileSync(join(directory, backupFile)).equals(content)).toBe(true);
  });

  it("takes the place of what a crash has left of an earlier one", async () => {
    const vault = openVault(directory, undefined, "nas");
    await putBackup(directory);
    rmSync(join(directory, backupFile));
    writeFileSync(join(directory, `${backupFile}.upload-nas.partial`), Buffer.alloc(2 * content.length));

    expect((await vault.receive(coming(), signal)).kind).toBe("received");
    expect(readFileSync(join(directory, backupFile)).equals(content)).toBe(true);
  });

  it("does not get a name that another one has got meanwhile", async () => {
    const vault = openVault(directory, undefined, "nas");
    async function* slow(): AsyncGenerator<Buffer> {
      yield content;
      await openVault(directory, undefined, "shed").receive(coming(), signal);
    }

    expect((await vault.receive(coming(slow()), signal)).kind).toBe("exists");
    expect(readdirSync(directory)).toEqual([backupFile]);
  });

  it("keeps its name from a backup that begins in the same second", async () => {
    const vault = openVault(directory, undefined, "nas");
    const plan = backupPlan({ volumes: [] });
    let made = "";
    async function* slow(): AsyncGenerator<Buffer> {
      yield content;
      await using draft = await vault.begin({ plan, compression: "zstd" }, signal);
      made = (await draft.finish()).file;
    }

    expect((await vault.receive(coming(slow()), signal)).kind).toBe("received");
    expect(readdirSync(directory).sort()).toEqual([backupFile, made].sort());
  });

  it("ends where others fill the disk meanwhile", async () => {
    const reserve = 64 * 2 ** 20;
    const free = [10 * reserve, reserve - 1];
    const limits = { idleMs: 60_000, closeMs: 10_000, freshMs: 60_000 };
    const place = { directory, open: new Set<string>(), limits, owner: "nas" };
    const freeBytes = (): Promise<number> => Promise.resolve(free.shift() ?? 0);
    function* much(): Generator<Buffer> {
      for (let count = 0; count < 80; count += 1) yield Buffer.alloc(2 ** 20);
    }
    const intake = { ...coming(much()), path: join(directory, backupFile), compression: "zstd" as const };

    const received = await receiveBackup({ ...place, freeBytes }, intake, signal);

    expect(received).toEqual({ kind: "no_room", free: reserve - 1 });
    expect(readdirSync(directory)).toEqual([]);
    expect(place.open.size).toBe(0);
  });
});

describe("a backup that is made", () => {
  it("does not take the place of a file that came meanwhile", async () => {
    const vault = openVault(directory);
    await using draft = await vault.begin({ plan: backupPlan({ volumes: [] }), compression: "zstd" }, signal);
    writeFileSync(join(directory, backupFile), "mine");

    await expect(draft.finish()).rejects.toMatchObject({ code: "file_failed" });
    expect(readFileSync(join(directory, backupFile), "utf8")).toBe("mine");
  });
});
