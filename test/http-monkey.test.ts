import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openVault } from "../src/files/backup/vault.ts";
import { monkeyRoutes } from "../src/http/profiles/monkey/routes.ts";
import { backupFile, backupPlan, putBackup } from "./backup-plan.ts";
import { type HttpAnswer, type HttpBed, openHttpBed } from "./http-bed.ts";
import { putNetworkFile } from "./network-data.ts";

const users = "users: [{ name: ann, password: secret }]";
let bed: HttpBed;
let directory: string;

async function open(http: string): Promise<void> {
  await bed?.[Symbol.asyncDispose]();
  bed = await openHttpBed({ http: `{ enabled: true, profile: monkey, ${http} }` });
  directory = join(bed.directory, "backups", "nas");
}
beforeEach(() => open("auth: false, monkey: { destructive: true }"));
afterEach(() => bed[Symbol.asyncDispose]());

const pathOf = (path: string): string => path.replaceAll(/<\w+>/g, "web");
const brief = ({ status, json }: HttpAnswer): readonly unknown[] => [status, json];
const boundary = "----a-boundary";

function form(field: string, name: string, content: Buffer): { body: Buffer; headers: Record<string, string> } {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, headers: { "content-type": `multipart/form-data; boundary=${boundary}` } };
}

describe("who may come in", () => {
  it("is asked at every route but those about logging in", async () => {
    await open("api_key: a-key");
    const unasked: string[] = [];
    for (const { method, path } of monkeyRoutes) {
      const answer = await bed.get(pathOf(path), { method });
      if (answer.status !== 401) unasked.push(path);
      else if (path !== "/api/login") expect(answer.json).toEqual({ error: "Authentication required" });
    }

    expect(unasked).toEqual(["/api/login", "/api/logout", "/api/auth-status"]);
  });

  it("is a user with a name and a password, for as long as the session lasts", async () => {
    await open(`api_key: a-key, ${users}`);
    const wrong = await bed.post("/api/login", { username: "ann", password: "other" });
    const right = await bed.post("/api/login", { username: "ann", password: "secret" });
    const cookie = String(right.headers["set-cookie"]).split(";")[0] ?? "";
    const headers = { cookie };

    expect(brief(wrong)).toEqual([401, { error: "Invalid username or password" }]);
    expect(brief(await bed.post("/api/login", { username: "ann" }))).toEqual([
      400,
      { error: "Username and password are required" },
    ]);
    expect(brief(right)).toEqual([200, { success: true, username: "ann" }]);
    expect(String(right.headers["set-cookie"])).toMatch(/^session=.+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/);
    expect((await bed.get("/api/auth-status")).json).toEqual({ logged_in: false });
    expect((await bed.get("/api/auth-status", { headers })).json).toEqual({ logged_in: true, username: "ann" });
    expect((await bed.get("/api/backup/status", { headers })).json).toEqual({ status: "idle", queue_size: 0 });
    expect((await bed.post("/api/logout", {}, { headers })).json).toEqual({ success: true });
    expect((await bed.get("/api/backup/status", { headers })).status).toBe(401);
    expect((await bed.get("/api/backup/status?key=a-key")).status).toBe(200);
  });

  it("is nobody by default, whatever Container Monkey's own user is", async () => {
    await open("api_key: a-key");

    expect((await bed.post("/api/login", { username: "monkeysee", password: "monkeydo" })).status).toBe(401);
  });

  it("changes no password here", async () => {
    expect(brief(await bed.post("/api/change-password", { current_password: "a", new_password: "b" }))).toEqual([
      403,
      { error: "Users stand in the configuration (http.users): change the password there and restart Gangway" },
    ]);
  });
});

describe("what deletes things and restores backups", () => {
  const rows = monkeyRoutes.filter(({ destructive }) => destructive === true);

  it("is every DELETE, and no GET", () => {
    expect(monkeyRoutes.filter(({ method, destructive }) => method === "DELETE" && destructive !== true)).toEqual([]);
    expect(rows.filter(({ method }) => method === "GET")).toEqual([]);
  });

  it("is off until it is turned on", async () => {
    await open("auth: false");
    await putBackup(directory);
    const heard: string[] = [];
    for (const node of bed.nodes) {
      node.act = ({ kind }) => {
        heard.push(kind);
        return Promise.resolve({ state: "done", message: "" });
      };
    }
    for (const { method, path } of rows) {
      const named = pathOf(path).replace("backup/web", `backup/${backupFile}`);
      const body = JSON.stringify({ filename: backupFile, names: ["data"] });
      const json = method === "POST" ? { body, headers: { "content-type": "application/json" } } : {};
      const answer = await bed.get(named, { method, ...json });

      expect([path, ...brief(answer)]).toEqual([
        path,
        403,
        { error: expect.stringContaining("http.monkey.destructive") },
      ]);
    }
    expect(heard).toEqual([]);
    expect(readdirSync(directory)).toEqual([backupFile]);
  });
});

describe("what there is not", () => {
  it.each(["/", "/console/web", "/api/check-environment", "/api/container/web/exec", "/api/volume/data/explore"])(
    "is told as JSON: %s",
    async (path) => {
      expect(brief(await bed.get(path))).toEqual([404, { error: expect.stringContaining("docs/monkey.md") }]);
    },
  );

  it.each(["start", "stop", "restart"])("is a container that is not there, to %s", async (kind) => {
    expect(brief(await bed.post(`/api/container/nope/${kind}`))).toEqual([404, { error: "No such container: nope" }]);
    expect((await bed.post(`/api/container/..%2Fimages/${kind}`)).status).toBe(404);
  });
});

describe("a backup", () => {
  it("is under way by its id, and another one has to wait", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const node of bed.nodes) {
      node.act = async () => {
        await promise;
        return { state: "done", message: "It is done." };
      };
    }
    const first = await bed.post("/api/backup/web");
    const id = String(first.json?.["progress_id"]);
    const busy = await bed.post("/api/backup/db");
    const queued = await bed.post("/api/backup/db?queue=true");

    expect(brief(first)).toEqual([
      200,
      {
        success: true,
        message: "Backup started",
        progress_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        queued: false,
      },
    ]);
    expect(brief(busy)).toEqual([
      409,
      { error: "A backup is already in progress: web", status: "busy", current_backup: "web" },
    ]);
    expect(brief(queued)).toEqual([
      202,
      {
        ...{ success: true, message: "Backup queued", progress_id: expect.any(String), status: "queued" },
        current_backup: "web",
      },
    ]);
    expect((await bed.get("/api/backup/status")).json).toEqual({
      ...{ status: "busy", current_backup: "web", progress_id: id, queue_size: 1 },
    });
    expect((await bed.get(`/api/backup-progress/${id}`)).json).toMatchObject({ total_steps: 6, error: null });
    resolve();
    await expect.poll(async () => (await bed.get(`/api/backup-progress/${id}`)).json?.["status"]).toBe("complete");
    expect(brief(await bed.get("/api/backup-progress/other"))).toEqual([404, { error: "Progress session not found" }]);
  });

  it("is listed with networks' definitions, downloaded, and deleted", async () => {
    await putBackup(directory);
    const network = await putNetworkFile(directory);
    const content = readFileSync(join(directory, backupFile));
    const { json } = await bed.get("/api/backups");
    const part = await bed.get(`/api/download/${backupFile}`, { headers: { range: "bytes=0-3" } });

    expect(json).toEqual({
      backups: expect.arrayContaining([
        { filename: backupFile, size: content.length, created: "2026-11-21T18:01:02Z", type: "container" },
        { filename: network, size: expect.any(Number), created: "2026-11-21T18:01:02Z", type: "network" },
      ]),
    });
    expect([part.status, part.headers["content-range"]]).toEqual([206, `bytes 0-3/${content.length}`]);
    expect((await bed.get(`/api/download/${network}`)).json).toMatchObject({ network: { name: "vpn" } });
    expect((await bed.get("/api/download/..%2F..%2Fsettings.json")).status).toBe(404);
    expect((await bed.get(`/api/backup/${backupFile}`, { method: "DELETE" })).json).toEqual({
      ...{ success: true, message: "Backup deleted" },
    });
    expect((await bed.get("/api/backups/delete-all", { method: "DELETE" })).json).toMatchObject({ deleted_count: 1 });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is uploaded as a form, once it is proven", async () => {
    const elsewhere = openVault(join(bed.directory, "elsewhere"));
    const plan = backupPlan({ volumes: [] });
    await using draft = await elsewhere.begin({ plan, compression: "zstd" }, new AbortController().signal);
    const content = readFileSync(join(bed.directory, "elsewhere", (await draft.finish()).file));
    const send = (asked: ReturnType<typeof form>): Promise<HttpAnswer> =>
      bed.get("/api/upload-backup", { method: "POST", ...asked });

    expect((await send(form("file", backupFile, content.subarray(9)))).json?.["error"]).toMatch(/^Invalid backup file/);
    expect((await send(form("file", "../evil.tar.gz", content))).status).toBe(400);
    expect((await send(form("other", backupFile, content))).json).toEqual({ error: "No file provided" });
    expect((await bed.post("/api/upload-backup", {})).json).toEqual({ error: "No file provided" });
    const cut = form("file", backupFile, content);
    expect((await send({ ...cut, body: cut.body.subarray(0, cut.body.length - 40) })).status).toBe(400);
    expect((await bed.get("/api/backups")).json).toEqual({ backups: [] });
    expect(brief(await send(form("file", backupFile, content)))).toEqual([
      200,
      {
        ...{ success: true, filename: backupFile, message: "Backup uploaded successfully" },
        metadata: { container_name: "web", backup_date: "2026-11-21T18:01:02Z" },
      },
    ]);
    expect((await send(form("file", backupFile, content))).status).toBe(409);
    expect(readdirSync(directory)).toEqual([backupFile]);
  });

  it("of a network is uploaded as a form, once it is known to be one", async () => {
    const file = await putNetworkFile(directory);
    const content = readFileSync(join(directory, file));
    const send = (name: string, body: Buffer): Promise<HttpAnswer> =>
      bed.get("/api/upload-network-backup", { method: "POST", ...form("file", name, body) });

    expect((await send(file, content)).status).toBe(409);
    await bed.get(`/api/backup/${file}`, { method: "DELETE" });
    expect((await send(file, Buffer.from("{}"))).json?.["error"]).toMatch(/^Invalid network backup: .*format/);
    expect((await send(file, Buffer.alloc(3 << 20, " "))).json?.["error"]).toMatch(/too large/);
    expect((await send("network_../x_20261121T180102Z.json", content)).status).toBe(400);
    expect(readdirSync(directory)).toEqual([]);
    expect(brief(await send(file, content))).toEqual([
      ...[200, { success: true, filename: file, message: "Network backup uploaded successfully" }],
    ]);
    expect(readFileSync(join(directory, file)).equals(content)).toBe(true);
  });

  it("is downloaded with all others in three steps", async () => {
    expect(brief(await bed.post("/api/backups/download-all-prepare"))).toEqual([404, { error: "No backups found" }]);
    await putBackup(directory);
    const { json } = await bed.post("/api/backups/download-all-prepare");
    const id = String(json?.["session_id"]);

    expect(json).toEqual({ success: true, session_id: id, files: [backupFile], total: 1 });
    const created = await bed.post(`/api/backups/download-all-create/${id}`);
    expect(created.json).toMatchObject({ success: true, session_id: id });
    const progress = await bed.get(`/api/backups/download-all-progress/${id}`);
    expect(progress.json).toMatchObject({ status: "complete", archive_filename: created.json?.["archive_filename"] });
    const archive = await bed.get(`/api/backups/download-all/${id}`);
    expect([archive.status, archive.text.startsWith(backupFile)]).toEqual([200, true]);
    expect(brief(await bed.get(`/api/backups/download-all/${id}`))).toEqual([404, { error: "Session not found" }]);
  });

  it.each([
    [{}, 400],
    [{ filename: "nope" }, 404],
    [{ filename: backupFile, new_name: 7 }, 400],
    [{ filename: backupFile, port_overrides: { "80": "1" } }, 400],
    [{ filename: backupFile, overwrite_volumes: "yes" }, 400],
    [{ filename: backupFile, new_name: "no name" }, 409],
    [{ filename: backupFile }, 200],
  ])("is restored, or refused: %j", async (body, status) => {
    await putBackup(directory);
    const answer = await bed.post("/api/restore-backup", body);

    expect([answer.status, typeof answer.json?.[status === 200 ? "container_id" : "error"]]).toEqual([
      status,
      "string",
    ]);
  });

  it.each([
    [undefined, "same"],
    [null, "same"],
    [false, "new"],
    [true, "replace"],
  ])("is restored with overwrite_volumes %j as %s", async (overwrite, volumes) => {
    await putBackup(directory);
    const heard: unknown[] = [];
    for (const node of bed.nodes) {
      node.act = (command) => {
        heard.push(command);
        return Promise.resolve({ state: "done", message: "" });
      };
    }
    await bed.post("/api/restore-backup", { filename: backupFile, overwrite_volumes: overwrite });

    expect(heard).toMatchObject([{ kind: "restore", container: "web", file: backupFile, volumes, start: false }]);
  });

  it("is no way to anything else by the name of a volume", async () => {
    const path = "..%2Fcontainers%2Fweb%3Fforce%3D1";

    expect(brief(await bed.get(`/api/volume/${path}/delete`, { method: "DELETE" }))).toEqual([
      ...[500, { error: "No such volume: ../containers/web?force=1" }],
    ]);
  });

  it("is not kept waiting for sizes that the engine does not tell", async () => {
    expect((await bed.get("/api/volumes")).json).toEqual({ volumes: [] });
  });
});
