import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openVault } from "../src/files/backup/vault.ts";
import { GangwayError } from "../src/lib/errors.ts";
import { createTarScanner } from "../src/lib/tar-scan.ts";
import { backupFile, backupPlan, putBackup } from "./backup-plan.ts";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
let directory: string;
let content: Buffer;
beforeEach(async () => {
  bed = await openHttpBed();
  directory = join(bed.directory, "backups", "nas");
  await putBackup(directory);
  content = readFileSync(join(directory, backupFile));
});
afterEach(() => bed[Symbol.asyncDispose]());

const path = `/api/v1/backups/${backupFile}/content`;

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function bytes(where: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> {
  const response = await fetch(bed.origin + where, { method, headers });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

function upload(file: string, headers: Record<string, string | number> = {}): ClientRequest {
  const type = { "content-type": "application/octet-stream" };
  const url = `${bed.origin}/api/v1/backups?filename=${encodeURIComponent(file)}`;
  return request(url, { method: "POST", headers: { ...type, ...headers } }).on("error", () => {});
}

async function uploaded(file: string, body: Buffer): Promise<Readonly<Record<string, unknown>>> {
  const going = upload(file);
  going.end(body);
  const [response] = (await once(going, "response")) as [IncomingMessage];
  return { status: response.statusCode, ...(JSON.parse((await buffer(response)).toString()) as object) };
}

/** A backup's file of another container than `web`. */
async function otherBackup(more: Parameters<typeof backupPlan>[0] = {}): Promise<{ file: string; body: Buffer }> {
  const elsewhere = join(bed.directory, "elsewhere");
  const plan = backupPlan({ volumes: [], container: "db", ...more });
  const signal = new AbortController().signal;
  await using draft = await openVault(elsewhere).begin({ plan, compression: "gzip" }, signal);
  const { file } = await draft.finish();
  return { file, body: readFileSync(join(elsewhere, file)) };
}

describe("a download of a backup", () => {
  it("is the file, with what it takes to go on later", async () => {
    const whole = await bytes(path);

    expect([whole.status, whole.body.equals(content)]).toEqual([200, true]);
    expect(whole.headers).toMatchObject({
      "accept-ranges": "bytes",
      "content-length": `${content.length}`,
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${backupFile}"`,
      etag: expect.stringMatching(/^W\/"/),
    });
    const head = await bytes(path, {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.headers["etag"]]).toEqual([
      200,
      `${content.length}`,
      whole.headers["etag"],
    ]);
  });

  it.each([
    ["bytes=0-9", 206, 0, 10],
    ["bytes=10-", 206, 10, undefined],
    ["bytes=-5", 206, -5, undefined],
    ["bytes=5-1000000", 206, 5, undefined],
    ["bytes=1000000-", 416, undefined, undefined],
    ["pages=1-2", 200, 0, undefined],
  ])("gives the range %s", async (range, status, from, to) => {
    const got = await bytes(path, { range });

    expect(got.status).toBe(status);
    if (from !== undefined) expect(got.body.equals(content.subarray(from, to))).toBe(true);
    else expect(got.headers["content-range"]).toBe(`bytes */${content.length}`);
  });

  it("goes on where it was broken off, but not with another file", async () => {
    const { headers } = await bytes(path, {}, "HEAD");
    const range = { range: "bytes=5-" };

    expect((await bytes(path, { ...range, "if-range": String(headers["etag"]) })).status).toBe(206);
    expect((await bytes(path, { ...range, "if-range": 'W/"other"' })).status).toBe(200);
    expect((await bed.get(path, { headers: { "if-none-match": String(headers["etag"]) } })).status).toBe(304);
  });

  it("ends well though the file is removed meanwhile", async () => {
    const big = Buffer.alloc(8 * 2 ** 20, "backup");
    writeFileSync(join(directory, backupFile), big);
    const going = request(bed.origin + path).end();
    const [response] = (await once(going, "response")) as [IncomingMessage];
    await rm(join(directory, backupFile));

    expect((await buffer(response)).equals(big)).toBe(true);
  });

  it.each(["..%2F..%2Fsettings.json", "%2Fetc%2Fpasswd", `..%2Fnas%2F${backupFile}`, ".", `${backupFile}.partial`])(
    "is of nothing else: %s",
    async (file) => {
      const got = await bytes(`/api/v1/backups/${file}/content`);

      expect(got.status).toBe(404);
    },
  );
});

describe("an archive of backups", () => {
  function filesIn(archive: Buffer): readonly string[] {
    const found: string[] = [];
    const onMember = ({ name, bytes: length }: { readonly name: string; readonly bytes: number }): void => {
      found.push(`${name} ${length}`);
    };
    const scanner = createTarScanner({ onMember }, (reason) => new Error(reason));
    scanner.write(archive);
    scanner.end();
    return found;
  }

  it("has all of them, or those that are named, and says how long it is", async () => {
    const other = await otherBackup({ container: "x".repeat(120) });
    writeFileSync(join(directory, other.file), other.body);
    const all = await bytes("/api/v1/backups/archive");
    const one = await bytes(`/api/v1/backups/archive?file=${backupFile}`);

    expect([all.status, all.headers["content-length"]]).toEqual([200, `${all.body.length}`]);
    expect([...filesIn(all.body)].sort()).toEqual(
      [`${backupFile} ${content.length}`, `${other.file} ${other.body.length}`].sort(),
    );
    expect(filesIn(one.body)).toEqual([`${backupFile} ${content.length}`]);
    expect((await bytes("/api/v1/backups/archive", {}, "HEAD")).headers["content-length"]).toBe(`${all.body.length}`);
    expect((await bytes(`/api/v1/backups/archive?file=${backupFile}&file=no`)).status).toBe(404);
  });

  it("says so where there is none yet", async () => {
    await rm(join(directory, backupFile));
    const { status, json } = await bed.get("/api/v1/backups/archive");

    expect([status, json?.["detail"]]).toEqual([404, "There is no backup yet."]);
  });
});

describe("an upload of a backup", () => {
  it("is one of the backups when it is proven", async () => {
    const { file, body } = await otherBackup();

    expect(await uploaded(file, body)).toMatchObject({ status: 201, node: "nas", file, container: "db" });
    expect(readdirSync(directory).sort()).toEqual([file, backupFile].sort());
    expect((await bytes(`/api/v1/backups/${file}/content`)).body.equals(body)).toBe(true);
  });

  it("never takes the place of one that is there", async () => {
    expect(await uploaded(backupFile, content)).toMatchObject({ status: 409, error: "backup_exists" });
    expect(readFileSync(join(directory, backupFile)).equals(content)).toBe(true);
  });

  it.each<readonly [string, (body: Buffer, file: string) => readonly [string, Buffer], number, string]>([
    ["that is cut off", (body, file) => [file, body.subarray(0, body.length - 20)], 422, "backup_damaged"],
    ["that is none", (_, file) => [file, Buffer.from("hello")], 422, "backup_damaged"],
    ["of another container", (body) => ["web_20261121T180102Z.tar.gz", body], 422, "backup_damaged"],
    ["of another time", (body) => ["db_20261122T180102Z.tar.gz", body], 422, "backup_damaged"],
    ["with a name that leads away", (body) => ["../db_20261121T180102Z.tar.gz", body], 400, "invalid_request"],
    ["with any name", (body) => ["settings.json", body], 400, "invalid_request"],
    ["that is too large", (_, file) => [file, Buffer.alloc(1_000_001)], 413, "too_large"],
  ])("%s is refused, and leaves nothing", async (_, change, status, error) => {
    const { file, body } = await otherBackup();

    expect(await uploaded(...change(body, file))).toMatchObject({ status, error });
    expect(readdirSync(directory)).toEqual([backupFile]);
  });

  it("of an unknown length is bounded as well", async () => {
    const { file } = await otherBackup();
    const going = upload(file, { "transfer-encoding": "chunked" });
    for (let count = 0; count < 20; count += 1) going.write(Buffer.alloc(65_536));
    const [response] = (await once(going, "response")) as [IncomingMessage];
    going.destroy();

    expect(response.statusCode).toBe(413);
    const line = { msg: "HTTP request", status: 413, address: "127.0.0.1" };
    await vi.waitFor(() => expect(bed.log()).toContainEqual(expect.objectContaining(line)));
    expect(readdirSync(directory)).toEqual([backupFile]);
  });

  it("that is broken off leaves nothing", async () => {
    const { file, body } = await otherBackup();
    const going = upload(file, { "content-length": body.length });
    going.write(body.subarray(0, 10));
    await vi.waitFor(() => expect(readdirSync(directory)).toHaveLength(2));
    going.destroy();

    await vi.waitFor(() => expect(readdirSync(directory)).toEqual([backupFile]));
    await bed.get("/healthz");
    expect(bed.log().filter(({ err }) => err !== undefined)).toEqual([]);
  });

  it.each([
    ["ENOSPC", 507],
    ["EDQUOT", 507],
    ["EIO", 500],
  ])("that the disk does not take (%s) is told so", async (code, status) => {
    const cause = Object.assign(new Error(code), { code });
    const receive = () => Promise.reject(new GangwayError("file_failed", "Could not write", { cause }));
    for (const node of bed.nodes) Object.assign(node.backups, { receive });

    expect(await uploaded(backupFile, content)).toMatchObject({ status, error: "file_failed" });
  });

  it("that a crash has cut off is gone with the next start, and another Gangway's is not", async () => {
    const mine = `${backupFile}.upload-nas.partial`;
    const other = `${backupFile}.upload-shed.partial`;
    for (const name of [mine, other]) writeFileSync(join(directory, name), "");

    await openVault(directory, undefined, "nas").clear();

    expect(readdirSync(directory).sort()).toEqual([backupFile, other]);
  });
});
