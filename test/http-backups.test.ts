import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Command } from "../src/core/operation.ts";
import { backupFile, putBackup } from "./backup-plan.ts";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
beforeEach(async () => {
  bed = await openHttpBed({ nodes: ["nas", "shed"] });
  await putBackup(join(bed.directory, "backups", "nas"));
});
afterEach(() => bed[Symbol.asyncDispose]());

const path = `/api/v1/backups/${backupFile}`;

describe("backups over HTTP", () => {
  it("are listed, of all engines, of one, and of one container", async () => {
    const backup = {
      node: "nas",
      file: backupFile,
      container: "web",
      created_at: "2026-11-21T18:01:02Z",
      compression: "zstd",
    };

    expect((await bed.get("/api/v1/backups")).json).toEqual({ backups: [{ ...backup, bytes: expect.any(Number) }] });
    expect((await bed.get("/api/v1/backups?node=nas&container=web")).json).toMatchObject({ backups: [backup] });
    expect((await bed.get("/api/v1/backups?node=shed")).json).toEqual({ backups: [] });
    expect((await bed.get("/api/v1/backups?container=db")).json).toEqual({ backups: [] });
  });

  it("show what a restore would do, and nothing that may be secret", async () => {
    const { status, json, text } = await bed.get(`${path}?name=copy`);

    expect(status).toBe(200);
    expect(json).toMatchObject({
      container: "web",
      image: "web:1",
      conflicts: [],
      creates: { container: "copy", volumes: [] },
      removes: null,
    });
    expect(text).not.toContain("inspect");
    expect((await bed.get(`${path}?name=no%20name`)).json).toMatchObject({
      conflicts: ['"no name" is no name for a container.'],
      creates: null,
    });
  });

  it("are restored by an operation, under their own name or another", async () => {
    const heard: Command[] = [];
    for (const node of bed.nodes) {
      node.act = (command) => {
        heard.push(command);
        return Promise.resolve({ state: "done", message: `${node.name} did it.` });
      };
    }

    const one = await bed.post(`${path}/restore?wait=5`, { id: "mine" });
    await bed.post(`${path}/restore?wait=5`, { volumes: "replace" });
    const other = { name: "copy", volumes: "new", ports: { "80/tcp": "8081" }, start: false };
    await bed.post(`${path}/restore?wait=5`, other);

    expect([one.status, one.json?.["id"], one.json?.["message"]]).toEqual([200, "mine", "nas did it."]);
    expect(heard).toEqual([
      { kind: "restore", container: "web", file: backupFile },
      { kind: "restore", container: "web", file: backupFile, volumes: "replace" },
      {
        kind: "restore",
        container: "copy",
        file: backupFile,
        volumes: "new",
        ports: { "80/tcp": "8081" },
        start: false,
      },
    ]);
  });

  it("are deleted by name, and nothing else is", async () => {
    expect((await bed.get(path, { method: "DELETE" })).json).toEqual({ file: backupFile, removed: true });
    expect(await readdir(join(bed.directory, "backups", "nas"))).toEqual([]);
    for (const name of [backupFile, "..%2F..%2Fsettings.json", "..%2Fshed", "%2Fetc%2Fpasswd"]) {
      for (const method of ["GET", "DELETE"]) {
        const answer = await bed.get(`/api/v1/backups/${name}`, { method });
        expect([name, answer.status, answer.json?.["error"]]).toEqual([name, 404, "backup_not_found"]);
      }
      expect((await bed.post(`/api/v1/backups/${name}/restore`, {})).status).toBe(404);
    }
  });

  it("must be named with their engine where two have one of this name", async () => {
    await putBackup(join(bed.directory, "backups", "shed"));

    expect((await bed.get(path)).json).toMatchObject({ status: 409, error: "ambiguous_backup" });
    expect((await bed.get(`${path}?node=shed`)).json).toMatchObject({ node: "shed" });
  });

  it.each([
    { name: "" },
    { volumes: "overwrite" },
    { ports: { "80": "1" } },
    { ports: { "80/tcp": "x" } },
    { nonsense: 1 },
  ])("refuse a restore that makes no sense: %j", async (body) => {
    expect((await bed.post(`${path}/restore`, body)).json).toMatchObject({ status: 400, error: "invalid_request" });
  });
});
