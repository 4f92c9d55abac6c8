import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listingOf } from "../backup-bed.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { loadImage } from "../bed/images.ts";
import { freePort } from "../bed/ports.ts";
import { compileCache, configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let dataDir: string;
let config: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  bed = await openBed({ engine: true, broker: true });
  await loadImage(bed.engine.docker, "app:1", { version: "1" });
  for (const name of ["web", "db"]) {
    await runContainer(bed.engine.docker, name, "app:1", { HostConfig: { Binds: [`${name}-data:/data`] } });
    await runIn(bed.engine.docker, name, "sh", "-c", `echo ${name} > /data/file`);
  }
  dataDir = await dataDirectory(bed);
  const http = { listen: `127.0.0.1:${await freePort()}`, enabled: true };
  config = configFor(bed, { http, check: { on_start: false } });
  await writeFile(join(dataDir, "config.yaml"), JSON.stringify({ data_dir: dataDir, ...config }));
});
afterAll(() => bed?.[Symbol.asyncDispose]());

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs `gangway` with these arguments until it ends. */
function gangway(...args: readonly string[]): Promise<Ended> {
  const entry = join(import.meta.dirname, "..", "..", "src", "main.ts");
  const env = { PATH: process.env["PATH"], HOME: dataDir, ...compileCache(bed) };
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], { cwd: dataDir, env }, (error, output, errors) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, output, errors });
    });
  });
}

type Row = Readonly<Record<string, unknown>>;
const files = async (): Promise<readonly string[]> => (await readdir(join(dataDir, "backups"))).toSorted();
const fileOf = async (container: string): Promise<string> =>
  (await files()).findLast((file) => file.startsWith(`${container}_`)) ?? "";

async function serving(more: Readonly<Record<string, unknown>> = {}): Promise<GangwayProcess> {
  const running = await startGangway(bed, { dataDir, config: { ...config, ...more } });
  await running.logged(({ msg }) => msg === "engine is online", 30_000);
  return running;
}

describe("without a running Gangway", () => {
  it("backup writes files, and backups lists them", async () => {
    const all = await gangway("backup", "--all");
    const unknown = await gangway("backup", "nope");

    expect(all).toMatchObject({ code: 0, errors: "" });
    expect(all.output.split("\n").slice(0, -1).toSorted()).toEqual([
      expect.stringMatching(/^db was backed up to db_\S+ \(.*\)\. It was stopped for \d+ s\.$/),
      expect.stringMatching(/^web was backed up to web_/),
    ]);
    expect(unknown).toMatchObject({ code: 1, errors: "gangway: There is no container named nope.\n" });
    const { output } = await gangway("backups", "db", "--json");
    expect(JSON.parse(output)).toEqual([
      {
        ...{ node: "bed", file: await fileOf("db"), container: "db", compression: "zstd" },
        ...{ created_at: expect.any(String), bytes: expect.any(Number) },
      },
    ]);
    const history = JSON.parse(await readFile(join(dataDir, "history.json"), "utf8")) as readonly Row[];
    expect(history.map(({ command }) => command).toSorted()).toEqual(["backup", "backup", "backup_all"]);
    expect((await bed.engine.docker.getContainer("web").inspect()).State.Running).toBe(true);
  });

  it("restore says what it would create, and creates it", async () => {
    const file = await fileOf("web");
    expect(await gangway("restore", file, "--dry-run")).toMatchObject({
      code: 1,
      errors: expect.stringContaining("There is a container web already"),
    });
    const beside = ["--name", "copy", "--volumes", "new"];
    const preview = await gangway("restore", file, ...beside, "--dry-run");
    expect(preview).toMatchObject({ code: 0, errors: "" });
    expect(preview.output).toMatch(
      / {2}container copy, which is started\n {2}volume web-data-\S+\n.*Nothing was changed\.\n$/s,
    );

    const restored = await gangway("restore", file, ...beside);

    expect(restored).toMatchObject({ code: 0, errors: "", output: `copy was restored from ${file}.\n` });
    expect(await runIn(bed.engine.docker, "copy", "cat", "/data/file")).toBe("web");
  });
});

describe("import", () => {
  it("makes a backup of one of Container Monkey, which is restored like any other", async () => {
    const { docker } = bed.engine;
    await runIn(
      docker,
      "web",
      "sh",
      "-c",
      "cd /data && echo more > 'a b' && chmod 0640 'a b' && chown 999:998 'a b' .",
    );
    const listing = await listingOf(docker, "web", "/data");
    const file = await monkeyBackupOf("web", "web-data");
    const { output, errors, code } = await gangway("import", file);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(/ was taken in as web_20251104T010203Z\.tar\.zst \(.*files may be of different moments/);

    const restored = await gangway("restore", "web_20251104T010203Z.tar.zst", "--name", "old", "--volumes", "new");

    expect(restored).toMatchObject({ code: 0, errors: "" });
    expect(await listingOf(docker, "old", "/data")).toBe(listing);
    expect((await gangway("import", file)).output).toContain("is there already, as web_20251104T010203Z.tar.zst");
  });

  it("refuses what is none, and leaves nothing of it", async () => {
    const before = await files();
    const whole = await readFile(await monkeyBackupOf("web", "web-data"));
    const cut = join(dataDir, "cut_20251105_010203.tar.gz");
    await writeFile(cut, whole.subarray(0, whole.length - 100));
    await writeFile(join(dataDir, "text.tar.gz"), "no archive");

    const ended = await gangway("import", cut, "text.tar.gz", "nowhere.tar.gz");

    expect(ended).toMatchObject({ code: 1, output: "" });
    expect(ended.errors.match(/is no whole backup of Container Monkey/g)).toHaveLength(3);
    expect(await files()).toEqual(before);
  });
});

/** Backs a container up as Container Monkey does; gives the file. */
async function monkeyBackupOf(container: string, volume: string): Promise<string> {
  const { docker } = bed.engine;
  const directory = join(dataDir, "monkey");
  await mkdir(join(directory, "volumes"), { recursive: true });
  const inspect = await docker.getContainer(container).inspect();
  const data = (await docker.getContainer(container).getArchive({ path: "/data/." })) as Readable;
  await writeFile(join(directory, "container_config.json"), JSON.stringify(inspect));
  await writeFile(join(directory, "backup_metadata.json"), '{"backup_date": "2025-11-04T01:02:03.000456"}');
  await writeFile(join(directory, "image.tar"), "# Image export failed: timeout");
  await writeFile(join(directory, "volumes", `${volume}_data.tar.gz`), gzipSync(await buffer(data)));
  const file = join(dataDir, `${container}_20251104_020304.tar.gz`);
  await promisify(execFile)("tar", ["-C", directory, "-czf", file, "."]);
  return file;
}

describe("beside a running Gangway", () => {
  it("backup and restore are carried out by that one", async () => {
    await using running = await serving();

    const made = await gangway("backup", "db");
    const file = await fileOf("db");
    const restored = await gangway("restore", file, "--name", "db-copy", "--volumes", "new", "--no-start");

    expect(made).toMatchObject({ code: 0, errors: "" });
    expect(made.output).toContain(`db was backed up to ${file}`);
    expect(restored).toMatchObject({ code: 0, errors: "", output: expect.stringContaining("db-copy was restored") });
    expect((await bed.engine.docker.getContainer("db-copy").inspect()).State.Status).toBe("created");
    const asked = running.log().filter(({ msg }) => msg === "operation");
    expect(asked.map(({ command }) => command)).toEqual(["backup", "restore"]);
  });

  it("they say how it could be asked where its HTTP API is off, and a second one does not start", async () => {
    await using _ = await serving({ http: { listen: "127.0.0.1:0" } });
    // The file says now that the API is off.
    expect(await gangway("backup", "db")).toMatchObject({
      code: 1,
      errors: expect.stringContaining("set http.enabled"),
    });
    await using second = await startGangway(bed, { dataDir, config: { ...config, http: { listen: "127.0.0.1:0" } } });

    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.errors()).toContain(`Another Gangway works on the data directory ${dataDir}`);
  });
});
