import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Command } from "../src/core/operation.ts";
import { containerOf, digests, type HttpBed, openHttpBed } from "./http-bed.ts";

const http = "{ enabled: true, auth: false, profile: watcher }";
const idOf = (name: string): string => name.padEnd(12, "0");
const text = "text/plain; charset=utf-8";
const json = "application/json";

let bed: HttpBed;
let heard: (readonly [node: string, command: Command])[];
beforeEach(async () => {
  bed = await openHttpBed({ http });
  heard = [];
  for (const node of bed.nodes) {
    node.act = (command) => {
      heard.push([node.name, command]);
      return Promise.resolve({ state: "done", message: "It is done." });
    };
  }
});
afterEach(() => bed?.[Symbol.asyncDispose]());

describe("the containers of Docker Image Watcher", () => {
  it("are those that run, by image, with what a check has found", async () => {
    const answer = await bed.get("/api/images");

    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe(json);
    expect(answer.text).toBe(
      `${JSON.stringify([
        {
          image: "registry.example/db:1",
          remote_digest: "sha256:aaaaaaaaaa",
          status: "uptodate",
          containers: [
            {
              container_id: idOf("db"),
              container_name: "db",
              local_digest: "sha256:aaaaaaaaaa",
              status: "uptodate",
              auto_update: false,
            },
          ],
        },
        {
          image: "registry.example/web:1",
          remote_digest: "sha256:bbbbbbbbbb",
          status: "outdated",
          containers: [
            {
              container_id: idOf("web"),
              container_name: "web",
              local_digest: "sha256:aaaaaaaaaa",
              status: "outdated",
              auto_update: false,
            },
          ],
        },
      ])}\n`,
    );
  });

  it("are no images without a name, get the tag latest, lose a digest, and may be unknown", async () => {
    const inventory = bed.nodes[0]?.inventory;
    for (const name of ["web", "db", "off"]) inventory?.remove(name);
    for (const [name, image] of [
      ["byid", digests.old],
      ["untagged", "127.0.0.1:5000/app"],
      ["pinned", `nginx:1.27@${digests.old}`],
      ["local", "mine"],
    ] as const) {
      inventory?.putContainer(containerOf(name, { image, repoDigests: [] }));
    }

    expect(JSON.parse((await bed.get("/api/images")).text)).toEqual(
      [
        ["127.0.0.1:5000/app:latest", "untagged"],
        ["mine:latest", "local"],
        ["nginx:1.27", "pinned"],
      ].map(([image, name = ""]) => ({
        ...{ image, remote_digest: "unknown", status: "unknown" },
        containers: [
          {
            ...{ container_id: idOf(name), container_name: name, local_digest: "unknown" },
            ...{ status: "unknown", auto_update: false },
          },
        ],
      })),
    );
  });

  it("are in part up to date where they are of one image, and some are", async () => {
    const inventory = bed.nodes[0]?.inventory;
    const { check } = inventory?.get("db") ?? {};
    const image = "registry.example/web:1";
    if (check !== undefined) inventory?.putContainer(containerOf("web2", { image }), { ...check, reference: image });

    expect(JSON.parse((await bed.get("/api/images")).text)).toMatchObject([
      { image: "registry.example/db:1", status: "uptodate" },
      { image, status: "partial", containers: [{ status: "outdated" }, { status: "uptodate" }] },
    ]);
  });
});

describe("the requests of Docker Image Watcher", () => {
  const id = idOf("web");

  it.each([
    ["GET", "/health", 200, "", undefined],
    ["GET", "/api/auth/status", 200, '{"enabled":false}', text],
    ["POST", `/api/images/${id}/update`, 200, '{"status":"updating"}', text],
    ["POST", "/api/groups/registry.example%2Fweb:1/update", 200, '{"status":"updating"}', text],
    ["POST", "/api/groups/nobody/has/this/update", 200, '{"status":"updating"}', text],
    ["POST", "/api/logout", 200, '{"status":"ok"}', text],
    ["GET", `/api/images/${id}/progress`, 404, "no progress\n", text],
    ["GET", "/api/images/000000000000/progress", 404, "no progress\n", text],
    ["POST", "/api/images", 405, "method not allowed\n", text],
    ["DELETE", "/api/images", 405, "method not allowed\n", text],
    ["POST", `/api/images/${id}/progress`, 405, "method not allowed\n", text],
    ["GET", `/api/images/${id}/update`, 405, "method not allowed\n", text],
    ["GET", "/api/images/000000000000/explode", 405, "method not allowed\n", text],
    ["POST", "/api/images/000000000000/explode", 404, "container not found\n", text],
    ["POST", "/api/images/web/update", 404, "container not found\n", text],
    ["POST", `/api/images/${id}0/update`, 404, "container not found\n", text],
    ["POST", `/api/images/${idOf("off")}/update`, 404, "container not found\n", text],
    ["POST", `/api/images/${id}/explode`, 400, "unknown action\n", text],
    ["POST", "/api/images/", 400, "bad path: /api/images/{id}/{action}\n", text],
    ["GET", `/api/images/${id}`, 400, "bad path: /api/images/{id}/{action}\n", text],
    ["POST", `/api/images/${id}/update/now`, 400, "bad path: /api/images/{id}/{action}\n", text],
    ["POST", "/api/groups/", 404, "not found\n", text],
    ["POST", "/api/groups/nginx:latest", 400, "unknown action\n", text],
    ["GET", "/api/groups/update", 405, "method not allowed\n", text],
    ["POST", "/api/groups/update", 400, "bad request\n", text],
    ["GET", "/api/login", 405, '{"error":"method not allowed"}', text],
    ["GET", "/api/logout", 405, '{"error":"method not allowed"}', text],
    ["POST", "/api/login", 400, '{"error":"bad request"}', text],
    ["GET", "/api/nothing", 404, "404 page not found\n", text],
    ["GET", "/", 404, "404 page not found\n", text],
  ])("%s %s is answered with %i and %j", async (method, path, status, body, type) => {
    const answer = await bed.get(path, { method });

    expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([status, body, type]);
    if (body.endsWith("\n")) expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });

  it.each(["", "{", "[]", "{}", '{"image":7}', '{"image":""}', "null"])(
    "for a group refuses %j, and does nothing",
    async (body) => {
      const answer = await bed.get("/api/groups/update", { method: "POST", body });

      expect([answer.status, answer.text]).toEqual([400, "bad request\n"]);
      expect(heard).toEqual([]);
    },
  );

  it("update one, or all of an image, whatever the type of the body; of another image nothing", async () => {
    bed.nodes[0]?.inventory.putContainer(containerOf("web2", { image: "registry.example/web:1" }));
    await bed.get(`/api/images/${id}/update`, { method: "POST" });
    for (const image of ["registry.example/web:1", "nobody/has/this"]) {
      await bed.get("/api/groups/update", { method: "POST", body: JSON.stringify({ image }) });
    }
    await expect.poll(() => heard.length).toBe(3);

    expect(heard.map(([, command]) => command)).toEqual([
      { kind: "update", container: "web" },
      { kind: "update", container: "web" },
      { kind: "update", container: "web2" },
    ]);
  });

  it("update a group as the documentation's own command line does", async () => {
    await bed.get("/api/groups/registry.example/web:1/update", { method: "POST" });
    await expect.poll(() => heard).toEqual([["nas", { kind: "update", container: "web" }]]);
  });

  it("turn automatic updates on, and say how it stands afterwards", async () => {
    const [node] = bed.nodes;
    if (node === undefined) return;
    node.act = (command) => {
      if (command.kind === "auto_update") node.inventory.setAutoUpdate("web", command.on);
      return Promise.resolve({ state: "done", message: "" });
    };
    const toggled = await bed.get(`/api/images/${id}/auto-update`, { method: "POST" });
    const again = await bed.get(`/api/images/${id}/auto-update`, { method: "POST" });
    node.act = () => Promise.resolve({ state: "rejected", message: "A label decides." });
    const refused = await bed.get(`/api/images/${id}/auto-update`, { method: "POST" });

    expect([toggled.text, again.text, refused.text]).toEqual([
      ...['{"auto_update":true}\n', '{"auto_update":false}\n', '{"auto_update":false}\n'],
    ]);
    expect(toggled.headers["content-type"]).toBe(json);
  });
});

describe("the progress of an update", () => {
  const id = idOf("web");
  const progress = async (of = id): Promise<readonly [number, string]> => {
    const { status, text: body } = await bed.get(`/api/images/${of}/progress`);
    return [status, body];
  };
  const view = (layer: string, current: number, total: number, percent: number, status: string) =>
    [200, `${JSON.stringify({ layer, current, total, percent, status })}\n`] as const;

  it("goes from connecting over the layers to recreating, by the id that the container had, and ends", async () => {
    const [node] = bed.nodes;
    const end = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let report = (_: object): void => {};
    if (node !== undefined) {
      node.act = async (_, order) => {
        report = order.report as typeof report;
        begun.resolve();
        await end.promise;
        return { state: "updated", message: "It is new." };
      };
    }
    await bed.get(`/api/images/${id}/update`, { method: "POST" });
    await begun.promise;
    expect(await progress()).toEqual(view("...", 0, 0, 0, "connecting"));
    const pull = { layer: "a3ed95caeb02", word: "Downloading", bytes: 1_048_576, totalBytes: 8_388_608 };
    report({ phase: "pulling", percent: 8, pull });
    expect(await progress()).toEqual(view("a3ed95caeb02", 1_048_576, 8_388_608, 12, "Downloading"));
    report({ phase: "creating" });
    expect(await progress()).toEqual(view("", 0, 0, 100, "recreating"));
    node?.inventory.putContainer(containerOf("web", { id: "f".repeat(64) }));
    report({ phase: "verifying" });
    expect(await progress()).toEqual(view("", 0, 0, 100, "recreating"));
    expect(await progress("f".repeat(12))).toEqual(view("", 0, 0, 100, "recreating"));
    end.resolve();

    await expect.poll(() => progress()).toEqual([404, "no progress\n"]);
    expect(await progress("f".repeat(12))).toEqual([404, "no progress\n"]);
  });

  it("shows for a while why one has not gone well", async () => {
    const [node] = bed.nodes;
    if (node !== undefined) node.act = () => Promise.resolve({ state: "rolled_back", message: "It was ill." });
    await bed.get(`/api/images/${id}/update`, { method: "POST" });

    await expect.poll(() => progress()).toEqual(view("", 0, 0, 0, "error: It was ill."));
    const past = new Date(Date.now() - 31_000).toISOString();
    node?.inventory.setResult("web", {
      ...{
        id: "1",
        command: "update",
        container: "web",
        state: "failed",
        message: "",
        startedAt: past,
        finishedAt: past,
      },
    });
    expect(await progress()).toEqual([404, "no progress\n"]);
  });
});

describe("Gangway's own container", () => {
  it("is not shown, and cannot be updated from here", async () => {
    await bed[Symbol.asyncDispose]();
    bed = await openHttpBed({ http, ownContainerId: containerOf("web").id });
    const answer = await bed.get(`/api/images/${idOf("web")}/update`, { method: "POST" });

    expect((await bed.get("/api/images")).text).not.toContain("web");
    expect([answer.status, answer.text]).toEqual([404, "container not found\n"]);
  });
});
