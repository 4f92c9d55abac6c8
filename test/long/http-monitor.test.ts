import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { loadImage, publishImage, pullImage, unpublishImage } from "../bed/images.ts";
import { eventually } from "../bed/wait.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";
import { type Asked, askHttp, type HttpAnswer, openHttpBed } from "../http-bed.ts";

/*
 * Every row of the tables that Docker Monitor Image's clients rely on, as a request with its exact answer, on a real
 * engine. The rows follow each other: what one changes the next ones see.
 */

let bed: Bed;
let gangway: GangwayProcess;
let origin = "";
/** What stands for itself in the answers below. */
const shown = new Map<string, string>();
const key = "a-key-for-the-test";

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  const { docker } = bed.engine;
  const publish = async (name: string, version = "1", more = {}) => {
    const published = await publishImage(bed.registry, { name, tag: "1", version, ...more });
    shown.set(name, published.reference);
    return published;
  };
  const pulled = async (name: string) => {
    const published = await publish(name);
    await pullImage(docker, published.reference);
    return published;
  };
  for (const name of ["web", "db", "off", "sick"]) {
    const { reference } = await pulled(name);
    await (name === "off" ? docker.createContainer({ name, Image: reference }) : runContainer(docker, name, reference));
  }
  const gone = await pulled("gone");
  await runContainer(docker, "gone", gone.reference);
  const pinned = await pulled("pinned");
  shown.set("pinned", pinned.reference.replace(/:1$/, `@${pinned.digest}`));
  await runContainer(docker, "pinned", shown.get("pinned") ?? "");
  shown.set("local", `${bed.registry.host}/local:1`);
  const localId = await loadImage(docker, shown.get("local") ?? "", { version: "local" });
  await runContainer(docker, "local", shown.get("local") ?? "");
  await runContainer(docker, "byid", localId);
  const untagged = await loadImage(docker, `${bed.registry.host}/untagged:1`, { version: "untagged" });
  // Not by `docker tag`: what was tagged a moment ago is left alone for some minutes.
  await loadImage(docker, `${bed.registry.host}/untagged:1`, { version: "tagged" });
  shown.set("untagged", untagged);
  await unpublishImage(bed.registry, "gone", gone.digest);
  await publish("web", "2");
  await publish("sick", "2", { config: { Cmd: ["/bin/false"] } });

  shown.set("gid", String((await stat(bed.engine.socketPath)).gid));
  const dataDir = await dataDirectory(bed);
  // As Docker Monitor Image has left it.
  const settings = { auth_enabled: true, api_key: key, allowed_cidrs: ["127.0.0.1/32"] };
  await writeFile(join(dataDir, "settings.json"), JSON.stringify(settings, null, 2));
  const config = configFor(bed, { stats: { interval: "5s" }, check: { on_start: false } });
  gangway = await startGangway(bed, { config, dataDir, environment: { API_ENABLED: "true" } });
  const { host, port } = await gangway.logged(({ msg }) => msg === "HTTP server listens", 60_000);
  origin = `http://${String(host)}:${String(port)}`;
  await eventually(async () => (await ask("/readyz")).status === 200, "Gangway to be ready", 60_000);
  await ask("/status?force=1");
  await eventually(
    async () => Object.values((await ask("/status?light=1")).json?.["updates"] ?? {}).includes("update_available"),
    "the check that force=1 begins",
    60_000,
  );
  await ask("/api/v1/commands/check?wait=55", { method: "POST" });
  const hasFigures = async () => /"db":\{[^}]*"cpu":\d/.test((await ask("/status")).text);
  await eventually(hasFigures, "figures of the containers", 60_000);
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

function ask(path: string, asked: Asked = {}): Promise<HttpAnswer> {
  return askHttp(origin, path + (path.includes("key=") ? "" : `${path.includes("?") ? "&" : "?"}key=${key}`), asked);
}

const post = (path: string, body?: object): Promise<HttpAnswer> =>
  ask(path, {
    method: "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });

/** `<web>` in what is expected is the reference of that image, and so on; `<number>` any number that is not 0. */
function pattern(expected: string): RegExp {
  const escaped = expected.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const filled = escaped.replaceAll(/<(?<name>\w+)>/g, (_, name: string) =>
    name === "number" ? "\\d+(?:\\.\\d+)?(?:e-?\\d+)?" : (shown.get(name) ?? `<${name}>`).replaceAll(/[.]/g, "\\."),
  );
  return new RegExp(`^${filled}\n$`);
}

const page = (title: string): string => `<!doctype html>\n<html lang=en>\n<title>${title}</title>`;
const names = '"byid","local","pinned","gone","sick","off","db","web"';
const live =
  '"blk_read":<number>,"blk_write":<number>,"cpu":<number>,"image":"<db>","mem_limit":<number>,"mem_perc":<number>,' +
  '"mem_usage":<number>,"net_rx":<number>,"net_tx":<number>,"state":"running"';
const still =
  '"blk_read":0,"blk_write":0,"cpu":null,"image":"<off>","mem_limit":0,"mem_perc":null,"mem_usage":0,"net_rx":0,' +
  '"net_tx":0,"state":"created"';
const light = (name: string, image = `"<${name}>"`): string => `"${name}":{"image":${image},"state":"running"}`;
const settings = (more = ""): string =>
  `{"allowed_cidrs":["127.0.0.1/32"],"api_enabled":true,"api_key":"********","auth_enabled":true${more}}`;

describe("Docker Monitor Image's API on a real engine", () => {
  it.each<[what: string, asked: () => Promise<HttpAnswer>, status: number, text: string]>([
    [
      "/ without a key",
      () => askHttp(origin, "/"),
      200,
      '{"endpoints":["/diag","/status","/metrics/<name>","/update_container","/images/unused","/images/prune","/settings"],"message":"GUI disabled. API endpoints are available.","status":"ok"}',
    ],
    [
      "/diag",
      () => ask("/diag"),
      200,
      `{"containers":[${names}],"ok":true,"ping":true,"socket":{"proc_gid":0,"proc_uid":0,"socket_exists":true,"socket_gid":<gid>,"socket_mode":"0o660","socket_uid":0}}`,
    ],
    ["/diag without a key", () => ask("/diag?key="), 401, '{"error":"unauthorized","ok":false}'],
    ["/health", () => ask("/health"), 200, `{"containers":[${names}],"ok":true}`],
    ["/health with a wrong key", () => ask("/health?key=wrong"), 401, '{"error":"unauthorized","ok":false}'],
    [
      "/status, light",
      () => ask("/status?light=1"),
      200,
      `{"meta":{${[light("byid", "null"), light("db"), light("gone"), light("local"), '"off":{"image":"<off>","state":"created"}', light("pinned"), light("sick"), light("web")].join(",")}},"status":"ok","updates":{"byid":"unknown_image","db":"up_to_date","gone":"registry_error","local":"unknown_local_digest","off":"up_to_date","pinned":"unknown_image","sick":"update_available","web":"update_available"}}`,
    ],
    ["/status without a key", () => ask("/status?key="), 401, '{"error":"unauthorized"}'],
    [
      "/status/<name>",
      () => ask("/status/db"),
      200,
      `{"meta":{"db":{${live}}},"status":"ok","updates":{"db":"up_to_date"}}`,
    ],
    [
      "/status/<name> of a stopped one, forced",
      () => ask("/status/off?force=1"),
      200,
      `{"meta":{"off":{${still}}},"status":"ok","updates":{"off":"up_to_date"}}`,
    ],
    [
      "/status/<name> of none",
      () => ask("/status/nope"),
      200,
      '{"meta":{"nope":{}},"status":"ok","updates":{"nope":"not_found"}}',
    ],
    ["/metrics/<name>", () => ask("/metrics/db"), 200, `{"meta":{${live}},"status":"ok"}`],
    ["/metrics/<name> of none", () => ask("/metrics/nope"), 404, '{"error":"not_found"}'],
    ["/images/unused", () => ask("/images/unused"), 200, '{"count":1,"items":[{"id":"<untagged>","tags":[]}]}'],
    [
      "/images/prune",
      () => post("/images/prune"),
      200,
      '{"ImagesDeleted":[{"Deleted":"<untagged>"}],"SpaceReclaimed":<number>}',
    ],
    ["/images/prune of nothing", () => post("/images/prune"), 200, '{"ImagesDeleted":null,"SpaceReclaimed":0}'],
    [
      "/images/prune without a key",
      () => ask("/images/prune?key=", { method: "POST" }),
      401,
      '{"error":"unauthorized"}',
    ],
    ["/update_container of nothing", () => post("/update_container"), 400, `{"error":"Missing 'name'"}`],
    [
      "/update_container of none",
      () => post("/update_container", { name: "nope" }),
      404,
      '{"error":"container not found"}',
    ],
    [
      "/update_container of an id",
      () => post("/update_container", { name: "byid" }),
      400,
      '{"error":"cannot determine image reference for update"}',
    ],
    [
      "/update_container of a tag that is gone",
      () => post("/update_container", { name: "gone" }),
      404,
      '{"error":"image not found to pull"}',
    ],
    [
      "/update_container without an update",
      () => post("/update_container", { name: "db" }),
      200,
      '{"message":"already up to date","updated":false}',
    ],
    [
      "/update_container",
      () => post("/update_container", { name: "web" }),
      200,
      '{"message":"container recreated with latest image","updated":true}',
    ],
    [
      "/status/<name> afterwards",
      () => ask("/status/web?light=1"),
      200,
      `{"meta":{${light("web")}},"status":"ok","updates":{"web":"up_to_date"}}`,
    ],
    ["/settings", () => ask("/settings"), 200, settings()],
    ["/settings without a key", () => ask("/settings?key="), 401, '{"error":"unauthorized"}'],
    ["/settings with nothing", () => post("/settings"), 200, settings(',"ok":true')],
    [
      "/settings that would lock out",
      () => post("/settings", { allowed_cidrs: "10.0.0.0/8" }),
      409,
      '{"error":"settings_refused","message":"You come from 127.0.0.1, which is not among them: you would be locked out. Nothing was changed.","ok":false}',
    ],
  ])("%s", async (_, asked, status, text) => {
    const answer = await asked();

    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/json"]);
    expect(answer.text).toMatch(pattern(text));
  });

  it("/update_container of an image that does not run: the old one goes on, and the reason is told", async () => {
    const answer = await post("/update_container", { name: "sick" });

    expect([answer.status, Object.keys(answer.json ?? {})]).toEqual([500, ["error"]]);
    expect((await ask("/status/sick?light=1")).json).toMatchObject({ meta: { sick: { state: "running" } } });
  });

  it.each<[what: string, asked: () => Promise<HttpAnswer>, status: number, title: string]>([
    ["from an address that is not allowed", () => ask("/status", { from: "127.0.0.2" }), 403, "403 Forbidden"],
    ["for what there is not", () => ask("/nope"), 404, "404 Not Found"],
    ["by a wrong method", () => ask("/update_container"), 405, "405 Method Not Allowed"],
  ])("a page %s", async (_, asked, status, title) => {
    const answer = await asked();

    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "text/html; charset=utf-8"]);
    expect(answer.text).toContain(page(title));
  });

  it("while the API is off only /settings answers, and turns it on again", async () => {
    expect((await post("/settings", { api_enabled: false })).json).toMatchObject({ api_enabled: false, ok: true });
    for (const path of ["/", "/diag", "/health", "/status", "/status/db", "/metrics/db", "/images/unused", "/nope"]) {
      const { status, text } = await ask(path);
      expect([path, status, text]).toEqual([path, 403, '{"error":"api_disabled"}\n']);
    }
    expect((await post("/update_container", { name: "db" })).text).toBe('{"error":"api_disabled"}\n');
    expect((await post("/settings", { api_enabled: true })).json).toMatchObject({ api_enabled: true, ok: true });
    expect((await ask("/health")).status).toBe(200);
  });

  it("while the engine is away, it is said at once", async () => {
    await bed.engine.stop();
    await eventually(async () => (await ask("/status")).status === 500, "the engine's end to be seen", 30_000);

    expect((await ask("/status")).text).toContain(page("500 Internal Server Error"));
    expect((await ask("/status/db")).text).toBe('{"error":"the engine is not reachable","status":"error"}\n');
    expect((await ask("/metrics/db")).status).toBe(500);
    expect((await ask("/images/unused")).text).toBe('{"count":0,"items":[]}\n');
    for (const path of ["/diag", "/health"]) {
      const { status, json } = await ask(path);
      expect([path, status, json?.["ok"], typeof json?.["error"]]).toEqual([path, 500, false, "string"]);
    }
    expect((await ask("/diag")).json?.["error"]).toMatch(/^ping failed: /);
  });

  it("no key is in the log", () => {
    expect(JSON.stringify(gangway.log())).not.toContain(key);
  });
});

describe("an update that takes longer than a client waits", () => {
  it("is answered after 55 seconds, and goes on", async () => {
    await using data = await openHttpBed();
    const [node] = data.nodes;
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(node ?? {}, { act: () => promise.then(() => ({ state: "updated", message: "" })) });
    const started = performance.now();
    const answer = await data.post("/update_container", { name: "web" });

    expect([answer.status, answer.text]).toEqual([202, '{"message":"update in progress"}\n']);
    expect(performance.now() - started).toBeLessThan(58_000);
    expect(node?.operations.pending()).toMatchObject([{ command: "update", container: "web", state: "running" }]);
    resolve();
  });
});
