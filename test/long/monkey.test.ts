import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { loadImage } from "../bed/images.ts";
import { eventually } from "../bed/wait.ts";
import { configFor, type GangwayProcess, startGangway } from "../gangway.ts";
import { type Asked, askHttp, type HttpAnswer } from "../http-bed.ts";

const key = "a-key-for-the-test";
let bed: Bed;
let docker: Docker;
let gangway: GangwayProcess;
let origin = "";
let cookie = "";
let imageId = "";
let backup = "";

beforeAll(async () => {
  bed = await openBed({ engine: true, broker: true });
  docker = bed.engine.docker;
  imageId = await loadImage(docker, "app:1", { version: "1" });
  await docker.createNetwork({ Name: "lan", IPAM: { Config: [{ Subnet: "10.91.0.0/24", Gateway: "10.91.0.1" }] } });
  const Labels = { "com.docker.compose.project": "shop", "com.docker.compose.service": "web" };
  const HostConfig = { Binds: ["web-data:/data"], NetworkMode: "lan" };
  await runContainer(docker, "web", "app:1", { Labels, HostConfig });
  await runIn(docker, "web", "sh", "-c", "echo yesterday > /data/file");
  await docker.createContainer({ name: "off", Image: "app:1" });
  const http = {
    ...{ listen: "127.0.0.1:0", enabled: true, api_key: key, profile: "monkey", monkey: { destructive: true } },
    users: [{ name: "ann", password: "changeme" }],
  };
  gangway = await startGangway(bed, { config: configFor(bed, { http, stats: { interval: "5s" } }) });
  const { host, port } = await gangway.logged(({ msg }) => msg === "HTTP server listens", 60_000);
  origin = `http://${String(host)}:${String(port)}`;
  await eventually(async () => (await ask("/readyz")).status === 200, "Gangway to be ready", 60_000);
  const login = await post("/api/login", { username: "ann", password: "changeme" });
  expect(login).toMatchObject({ status: 200, json: { success: true, username: "ann" } });
  cookie = String(login.headers["set-cookie"]).split(";")[0] ?? "";
}, 180_000);
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

function ask(path: string, asked: Asked = {}): Promise<HttpAnswer> {
  return askHttp(origin, path, { ...asked, headers: { cookie, ...asked.headers } });
}

function post(path: string, body: object = {}): Promise<HttpAnswer> {
  return ask(path, {
    ...{ method: "POST", body: JSON.stringify(body) },
    headers: { "content-type": "application/json" },
  });
}

const remove = (path: string): Promise<HttpAnswer> => ask(path, { method: "DELETE" });
const inspect = (name: string) => docker.getContainer(name).inspect();
const brief = ({ status, json }: HttpAnswer): readonly unknown[] => [status, json];

describe("Container Monkey's routes, on a real engine", () => {
  it("show containers, their details, logs and figures", async () => {
    const web = await inspect("web");
    const { json } = await ask("/api/containers");

    expect(json).toEqual({
      containers: expect.arrayContaining([
        {
          ...{ id: web.Id.slice(0, 12), name: "web", image: "app:1", status: "running" },
          ...{ status_text: expect.stringMatching(/^Up /), created: Math.floor(Date.parse(web.Created) / 1000) },
          ...{ ports: [], ip_address: "10.91.0.2", port_mappings: [] },
          volumes: [{ name: "web-data", destination: "/data", driver: "local" }],
          image_info: { name: "app:1", id: imageId.slice(7, 19) },
          stack_info: { name: "shop", service: "web", display: "shop/web" },
          ...{ networks: ["lan"], is_self: false },
        },
        expect.objectContaining({ name: "off", status: "stopped", status_text: "Created", ip_address: "N/A" }),
      ]),
    });
    const id = web.Id.slice(0, 12);
    expect((await ask(`/api/container/${id}/details`)).json).toMatchObject({
      ...{ id: web.Id, name: "web", image: "app:1", image_id: imageId, status: "running", created: web.Created },
      config: { env: web.Config.Env, cmd: web.Config.Cmd ?? [], labels: web.Config.Labels },
      host_config: { binds: ["web-data:/data"], network_mode: "lan", privileged: false },
    });
    expect((await ask(`/api/container/${id}/logs?tail=1`)).json).toEqual({ logs: "ready\n" });
    await eventually(
      async () => (await ask(`/api/container/${id}/stats`)).json?.["status"] === "running",
      "figures",
      30_000,
    );
    expect((await ask(`/api/container/${id}/stats`)).json).toEqual({
      ...{ cpu_percent: expect.any(Number), memory_percent: expect.any(Number), status: "running" },
      memory_usage: expect.stringMatching(/^[\d.]+[KM]iB \/ [\d.]+[MGT]iB$/),
      ...{ memory_used_mb: expect.any(Number), memory_total_mb: expect.any(Number) },
    });
    expect((await ask("/api/container/off/stats")).json).toMatchObject({ status: "stopped", cpu_percent: 0 });
  });

  it("show volumes, images, networks, stacks and totals", async () => {
    const volume = await docker.getVolume("web-data").inspect();
    const [volumes, images, networks, stacks] = await Promise.all(
      ["volumes", "images", "networks", "stacks"].map(async (path) => (await ask(`/api/${path}`)).json),
    );

    expect(volumes).toEqual({
      volumes: [
        {
          ...{ name: "web-data", driver: "local", mountpoint: volume.Mountpoint, is_self: false },
          ...{ size: expect.stringMatching(/^\d+k?B$/), created: expect.any(String), labels: {}, options: {} },
          ...{ in_use: true, containers: ["web"] },
        },
      ],
    });
    expect(images).toEqual({
      images: [
        {
          ...{ repository: "app", tag: "1", id: imageId.slice(7, 19), size: expect.stringMatching(/^[\d.]+[kM]B$/) },
          created: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/),
          ...{ name: "app:1", is_self: false, in_use: true, containers: expect.arrayContaining(["web", "off"]) },
        },
      ],
    });
    expect(networks).toEqual({
      networks: expect.arrayContaining([
        {
          ...{ id: expect.stringMatching(/^[0-9a-f]{12}$/), name: "lan", driver: "bridge", scope: "local" },
          ...{ subnet: "10.91.0.0/24", gateway: "10.91.0.1", ip_range: "", containers: 1 },
        },
        expect.objectContaining({ name: "host", driver: "host", containers: 0 }),
      ]),
    });
    expect(stacks).toEqual({
      stacks: [
        {
          ...{ name: "shop", type: "compose", services_count: 1, containers_count: 1 },
          ...{ services: ["web"], networks: ["lan"] },
        },
      ],
    });
    expect((await ask("/api/dashboard-stats")).json).toMatchObject({
      ...{ stacks_qty: 1, containers_qty: 2, running_containers: 1, stopped_containers: 1, images_qty: 1 },
      ...{ volumes_qty: 1, networks_qty: 4, backups_qty: 0, total_backups_size: "0B" },
    });
    expect((await ask("/api/system-stats")).json).toMatchObject({ memory_total_mb: expect.any(Number) });
    expect((await ask("/api/statistics")).json).toMatchObject({
      containers: expect.arrayContaining([expect.objectContaining({ name: "web", status: "running" })]),
    });
  });

  it("stop, start and restart", async () => {
    expect(brief(await post("/api/container/web/stop"))).toEqual([
      200,
      { success: true, message: "Container stopped" },
    ]);
    expect((await inspect("web")).State.Running).toBe(false);
    expect(brief(await post("/api/container/web/start"))).toEqual([
      200,
      { success: true, message: "Container started" },
    ]);
    const { Id, State } = await inspect("web");
    expect(brief(await post(`/api/container/${Id.slice(0, 12)}/restart`))).toEqual([
      ...[200, { success: true, message: "Container restarted" }],
    ]);
    expect((await inspect("web")).State.StartedAt).not.toBe(State.StartedAt);
  });

  it("back up, and follow it to its end", async () => {
    const { status, json } = await post("/api/backup/web");
    const words: unknown[] = [];
    await eventually(
      async () => {
        const now = (await ask(`/api/backup-progress/${String(json?.["progress_id"])}`)).json ?? {};
        if (words.at(-1) !== now["status"]) words.push(now["status"]);
        backup = String(now["backup_filename"]);
        return now["status"] === "complete" || now["status"] === "error";
      },
      "the backup",
      60_000,
    );

    expect([status, json?.["message"], json?.["queued"]]).toEqual([200, "Backup started", false]);
    expect(words.at(-1)).toBe("complete");
    expect(words.slice(0, -1).every((word) => ["waiting", "starting", "running"].includes(String(word)))).toBe(true);
    expect((await ask("/api/backups")).json).toEqual({
      backups: [{ filename: backup, size: expect.any(Number), created: expect.any(String), type: "container" }],
    });
    expect((await ask(`/api/backup/${backup}/preview`)).json).toMatchObject({
      ...{ success: true, container_name: "web", image: "app:1", image_backed_up: false, status: "running" },
      volumes: [{ name: "web-data", destination: "/data", driver: "local" }],
      ...{ existing_volumes: ["web-data"], port_mappings: [], config: { Name: "/web" } },
    });
  });

  it("restore beside what is there, without starting, and never over it", async () => {
    const conflict = await post("/api/restore-backup", { filename: backup });
    const body = { filename: backup, new_name: "copy", overwrite_volumes: false };
    const restored = await post("/api/restore-backup", body);
    const copy = await inspect("copy");

    expect([conflict.status, String(conflict.json?.["error"])]).toEqual([409, expect.stringContaining("web-data")]);
    expect(brief(restored)).toEqual([
      200,
      {
        ...{ success: true, message: "Container restored successfully" },
        ...{ container_id: copy.Id, container_name: "copy" },
      },
    ]);
    expect(copy.State.Status).toBe("created");
    await docker.getContainer("copy").start();
    expect(await runIn(docker, "copy", "cat", "/data/file")).toBe("yesterday");
  });

  it("restore in the place of what is there, where that is asked for", async () => {
    await runIn(docker, "web", "sh", "-c", "echo today > /data/file");
    const restored = await post("/api/restore-backup", { filename: backup, overwrite_volumes: true });

    expect(restored).toMatchObject({ status: 200, json: { success: true, container_name: "web" } });
    await docker.getContainer("web").start();
    expect(await runIn(docker, "web", "cat", "/data/file")).toBe("yesterday");
    const { backups } = JSON.parse((await ask("/api/backups")).text) as { backups: { filename: string }[] };
    const safety = backups[0]?.filename;
    expect(safety).not.toBe(backup);
    expect((await remove(`/api/backup/${safety}`)).status).toBe(200);
  });

  it("download, delete and upload a backup", async () => {
    const response = await fetch(`${origin}/api/download/${backup}`, { headers: { cookie } });
    const content = Buffer.from(await response.arrayBuffer());
    expect(brief(await remove(`/api/backup/${backup}`))).toEqual([200, { success: true, message: "Backup deleted" }]);
    expect((await ask(`/api/download/${backup}`)).status).toBe(404);
    const home = await mkdtemp(join(bed.directory, "upload-"));
    await writeFile(join(home, backup), content);
    const form = new FormData();
    form.set("file", new Blob([await readFile(join(home, backup))]), backup);
    const uploaded = await fetch(`${origin}/api/upload-backup`, { method: "POST", headers: { cookie }, body: form });

    expect(await uploaded.json()).toMatchObject({ success: true, filename: backup });
    expect((await ask("/api/backups")).json).toMatchObject({ backups: [{ filename: backup, size: content.length }] });
  });

  it("back up a network, remove it and make it again", async () => {
    await docker.createNetwork({ Name: "spare", IPAM: { Config: [{ Subnet: "10.92.0.0/24" }] }, Labels: { a: "b" } });
    const before = await docker.getNetwork("spare").inspect();
    const saved = await post(`/api/network/${before.Id.slice(0, 12)}/backup`);
    const file = String(saved.json?.["filename"]);
    const there = await post("/api/network/restore", { filename: file });
    expect(brief(await remove("/api/network/spare/delete"))).toEqual([
      200,
      { success: true, message: "Network deleted" },
    ]);

    expect(file).toMatch(/^network_spare_\d{8}T\d{6}Z\.json$/);
    expect(there.status).toBe(409);
    expect(brief(await post("/api/network/restore", { filename: file }))).toEqual([
      ...[200, { success: true, message: "Network restored", network_name: "spare" }],
    ]);
    const after = await docker.getNetwork("spare").inspect();
    expect([after.IPAM, after.Labels]).toEqual([before.IPAM, before.Labels]);
    expect((await post("/api/network/bridge/backup")).status).toBe(400);
    expect((await post("/api/network/nope/backup")).status).toBe(404);
    expect((await ask("/api/network-backups")).json).toMatchObject({ backups: [{ filename: file, type: "network" }] });
  });

  it("delete what is asked for, and nothing that is in use", async () => {
    const used = await remove("/api/volume/web-data/delete");
    expect([used.status, used.json?.["in_use"]]).toEqual([400, true]);
    await docker.createVolume({ Name: "spare" });
    expect((await post("/api/volumes/delete", { names: ["spare", "web-data"] })).json).toMatchObject({
      ...{ success: true, deleted_count: 1, errors: null, in_use_volumes: ["web-data"] },
    });
    expect((await remove(`/api/image/${imageId.slice(7, 19)}/delete`)).status).toBe(500);
    const copy = (await inspect("copy")).Mounts.map(({ Name }) => Name);
    expect(brief(await remove("/api/container/copy/delete?delete_volumes=true"))).toEqual([
      ...[200, { success: true, message: "Container deleted", deleted_volumes: copy }],
    ]);
    expect(brief(await post("/api/cleanup/dangling-images"))).toMatchObject([200, { success: true, deleted_count: 0 }]);
    expect((await docker.listContainers({ all: true })).flatMap(({ Names }) => Names).sort()).toEqual(["/off", "/web"]);
    expect(await runIn(docker, "web", "cat", "/data/file")).toBe("yesterday");
  });
});
