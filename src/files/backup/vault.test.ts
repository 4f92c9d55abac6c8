import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backupPlan } from "../../../test/backup-plan.ts";
import { tarOf } from "../../../test/bed/tar.ts";
import { compressions, pieceBytes } from "../../core/backup.ts";
import { parseExact } from "../../lib/exact-json.ts";
import { sha256Of } from "./sink.ts";
import { openVault } from "./vault.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gangway-vault-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const signal = new AbortController().signal;
const nothing = (): void => {};

function inPieces(content: Buffer, length = 65_536): Readable {
  const pieces = Array.from({ length: Math.ceil(content.length / length) }, (_, index) =>
    content.subarray(index * length, (index + 1) * length),
  );
  return Readable.from(pieces);
}

/** What the engine gives of a volume. */
const archive = tarOf([
  { path: "v0/", content: "", uid: 999, mode: 0o2750 },
  { path: "v0/file", content: Buffer.alloc(pieceBytes + 100, "content") },
]);

describe("the backups in a directory", () => {
  it.each(compressions)("are written, read back and listed (%s)", async (compression) => {
    const vault = openVault(join(directory, "backups"));
    const plan = backupPlan();
    await using draft = await vault.begin({ plan, compression }, signal);
    expect(await vault.list()).toEqual([]);
    const told: number[] = [];
    const part = await draft.add("volumes/v0.tar", inPieces(archive), (bytes) => told.push(bytes));
    const { manifest, file } = await draft.finish();

    expect(part).toEqual({ name: "volumes/v0.tar", bytes: archive.length, sha256: sha256Of(archive), entries: 2 });
    expect(told).toEqual([pieceBytes, archive.length]);
    expect(manifest.parts[1]).toEqual(part);
    expect(await vault.list()).toMatchObject([{ file, container: "web", createdAt: plan.createdAt, compression }]);
    expect(readdirSync(join(directory, "backups"))).toEqual([file]);
    expect(statSync(join(directory, "backups", file)).mode & 0o777).toBe(0o600);
    expect(await vault.verify(file, nothing, signal)).toEqual({ plan, manifest });
  });

  it("can be unpacked by hand, with nothing but tar", async () => {
    const vault = openVault(directory);
    await using draft = await vault.begin({ plan: backupPlan(), compression: "none" }, signal);
    await draft.add("volumes/v0.tar", inPieces(archive), nothing);
    const { file } = await draft.finish();

    execFileSync("tar", ["-xf", join(directory, file), "-C", directory]);

    const joined = execFileSync("sh", ["-c", "cat volumes/v0.tar.*"], { cwd: directory, maxBuffer: 2 ** 24 });
    expect(joined.equals(archive)).toBe(true);
    expect(JSON.parse(readFileSync(join(directory, "plan.json"), "utf8"))).toMatchObject({ container: "web" });
    expect(readdirSync(directory)).toContain("manifest.json");
  });

  it("keep numbers that only the engine understands", async () => {
    const vault = openVault(directory);
    const limits = parseExact('{"Ulimits":[{"Name":"memlock","Hard":9223372036854775807}]}') as object;
    const body = { ...backupPlan().create.body, HostConfig: { ...limits } };
    const plan = backupPlan({ volumes: [], create: { ...backupPlan().create, body } });
    await using draft = await vault.begin({ plan, compression: "zstd" }, signal);
    const { file } = await draft.finish();

    expect((await vault.verify(file, nothing, signal)).plan.create.body).toEqual(body);
  });

  it("leave nothing behind when they are not finished", async () => {
    const vault = openVault(directory);
    let name = "";
    const note = (partial: string): Promise<void> => {
      expect(readdirSync(directory)).toEqual([]);
      name = partial;
      return Promise.resolve();
    };
    {
      await using draft = await vault.begin({ plan: backupPlan(), compression: "zstd", note }, signal);
      await draft.add("volumes/v0.tar", inPieces(archive), nothing);
      expect(readdirSync(directory)).toEqual([name]);
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each<readonly [string, Buffer]>([
    ["breaks off", archive.subarray(0, -1_024)],
    ["breaks off within a file", archive.subarray(0, 2_000)],
    ["is empty", Buffer.alloc(0)],
    ["is something else", Buffer.alloc(2_048, "x")],
  ])("refuse a part that %s", async (_, content) => {
    await using draft = await openVault(directory).begin({ plan: backupPlan(), compression: "zstd" }, signal);

    await expect(draft.add("volumes/v0.tar", inPieces(content), nothing)).rejects.toMatchObject({
      code: "backup_failed",
    });
  });

  it("refuse to be whole while a part is missing", async () => {
    await using draft = await openVault(directory).begin({ plan: backupPlan(), compression: "zstd" }, signal);

    await expect(draft.finish()).rejects.toMatchObject({ code: "backup_damaged" });
    expect(await openVault(directory).list()).toEqual([]);
  });

  it.each(compressions)("end at once where that is wished (%s)", async (compression) => {
    const ending = new AbortController();
    await using draft = await openVault(directory).begin({ plan: backupPlan(), compression }, ending.signal);
    function* endless(): Generator<Buffer> {
      yield tarOf([{ path: "v0/", content: "" }]).subarray(0, 512);
      ending.abort();
      for (;;) yield Buffer.alloc(65_536);
    }
    const adding = draft.add("volumes/v0.tar", Readable.from(endless()), nothing);

    await expect(adding).rejects.toMatchObject({ code: expect.stringMatching(/aborted|backup_failed/) });
  });

  it("have names of their own, though they begin in the same second", async () => {
    const vault = openVault(directory);
    const plan = backupPlan({ volumes: [] });
    await using one = await vault.begin({ plan, compression: "zstd" }, signal);
    await using other = await vault.begin({ plan, compression: "zstd" }, signal);
    const files = [(await other.finish()).file, (await one.finish()).file];

    expect((await vault.list()).map(({ file }) => file).sort()).toEqual(files.sort());
  });

  it("are removed by their own names only", async () => {
    const vault = openVault(directory);
    await using draft = await vault.begin({ plan: backupPlan({ volumes: [] }), compression: "zstd" }, signal);
    const { file } = await draft.finish();
    for (const name of ["../config.yaml", `../${file}`, "config.yaml", "", ".", `${file}\0`]) {
      await expect(async () => vault.remove(name)).rejects.toMatchObject({ code: "backup_not_found" });
      await expect(vault.verify(name, nothing, signal)).rejects.toMatchObject({ code: "backup_not_found" });
    }

    await vault.remove(file);

    await expect(vault.remove(file)).rejects.toMatchObject({ code: "backup_not_found" });
    await expect(vault.verify(file, nothing, signal)).rejects.toMatchObject({ code: "backup_not_found" });
    expect(await vault.list()).toEqual([]);
  });

  it("are cleared of what was abandoned, and of nothing else", async () => {
    const vault = openVault(directory);
    const [left, young, foreign] = [
      "web_20200101T000000Z.tar.zst.partial",
      "web_20200101T000001Z.tar.partial",
      "x.partial",
    ];
    for (const name of [left, young, foreign]) writeFileSync(join(directory, name), "");
    for (const name of [left, foreign]) utimesSync(join(directory, name), 0, 0);

    await vault.clear();
    expect(readdirSync(directory).sort()).toEqual([young, foreign].sort());

    await vault.discard(young);
    await expect(async () => vault.discard(foreign)).rejects.toMatchObject({ code: "backup_not_found" });
    expect(readdirSync(directory)).toEqual([foreign]);
  });

  it("are not cleared of one that is being made, however long nothing was written to it", async () => {
    const vault = openVault(directory);
    await using draft = await vault.begin({ plan: backupPlan({ volumes: [] }), compression: "zstd" }, signal);
    const [partial = ""] = readdirSync(directory);
    utimesSync(join(directory, partial), 0, 0);

    await vault.clear();

    await expect(draft.finish()).resolves.toMatchObject({ container: "web" });
  });

  it("are not cleared by another Gangway of one that is being made", async () => {
    const vault = openVault(directory, { idleMs: 60_000, closeMs: 1_000, freshMs: 5 });
    await using _ = await vault.begin({ plan: backupPlan(), compression: "zstd" }, signal);
    const [partial = ""] = readdirSync(directory);
    const path = join(directory, partial);
    utimesSync(path, 0, 0);

    await vi.waitFor(() => expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(60_000));
    await openVault(directory).clear();

    expect(readdirSync(directory)).toEqual([partial]);
  });

  it("may be compressed anew by hand", async () => {
    const vault = openVault(directory);
    await using draft = await vault.begin({ plan: backupPlan(), compression: "zstd" }, signal);
    await draft.add("volumes/v0.tar", inPieces(archive), nothing);
    const whole = await draft.finish();
    const plain = zstdDecompressSync(readFileSync(join(directory, whole.file)));
    const other = whole.file.replace(".zst", ".gz");
    writeFileSync(join(directory, other), gzipSync(plain));

    expect((await vault.verify(other, nothing, signal)).manifest).toEqual(whole.manifest);
  });
});
