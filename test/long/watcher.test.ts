import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type PublishedImage, publishImage, pullImage } from "../bed/images.ts";
import { crashing } from "../bed/variants.ts";
import { eventually } from "../bed/wait.ts";
import { configFor, type GangwayProcess, startGangway } from "../gangway.ts";
import { type Asked, askHttp, type HttpAnswer } from "../http-bed.ts";

const key = "a-key-for-the-test";
let bed: Bed;
let gangway: GangwayProcess;
let origin = "";
let cookie = "";
let image = "";
let first: PublishedImage;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  first = await publish("1");
  await pullImage(bed.engine.docker, first.reference);
  // Without a tag, as people write it: the tag is latest.
  image = first.reference;
  const untagged = image.replace(/:latest$/, "");
  await runContainer(bed.engine.docker, "web", untagged);
  await runContainer(bed.engine.docker, "web2", image);
  await bed.engine.docker.createContainer({ name: "off", Image: image });
  await runContainer(bed.engine.docker, "byid", first.imageId);
  const http = {
    ...{ listen: "127.0.0.1:0", enabled: true, api_key: key, profile: "watcher" },
    users: [{ name: "admin", password: "changeme" }],
  };
  gangway = await startGangway(bed, { config: configFor(bed, { http, update: { stable_for: "2s" } }) });
  const { host, port } = await gangway.logged(({ msg }) => msg === "HTTP server listens", 60_000);
  origin = `http://${String(host)}:${String(port)}`;
  await eventually(async () => (await ask("/readyz")).status === 200, "Gangway to be ready", 60_000);
  const login = await ask("/api/login", { method: "POST", body: '{"user":"admin","pass":"changeme"}' });
  expect([login.status, login.text]).toEqual([200, '{"status":"ok"}']);
  cookie = String(login.headers["set-cookie"]).split(";")[0] ?? "";
  await check();
}, 180_000);
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

function publish(version: string, more: object = {}): Promise<PublishedImage> {
  return publishImage(bed.registry, { name: "app", tag: "latest", version, ...more });
}

function ask(path: string, asked: Asked = {}): Promise<HttpAnswer> {
  return askHttp(origin, path, { ...asked, headers: { cookie, ...asked.headers } });
}

const post = (path: string, body?: string): Promise<HttpAnswer> =>
  ask(path, { method: "POST", ...(body === undefined ? {} : { body }) });

/** By Gangway's own route: the session is nothing there. */
async function check(): Promise<void> {
  const answer = await ask("/api/v1/commands/check?wait=55", { method: "POST", headers: { "x-api-key": key } });
  expect(answer.status).toBe(200);
}
const idOf = async (name: string): Promise<string> =>
  (await bed.engine.docker.getContainer(name).inspect()).Id.slice(0, 12);
const short = ({ digest }: PublishedImage): string => digest.slice(0, 17);

type Row = readonly [name: string, local: PublishedImage, status: string, autoUpdate?: boolean];

/** `GET /api/images`, letter by letter. */
async function expectImages(remote: PublishedImage, status: string, rows: readonly Row[]): Promise<void> {
  const containers: object[] = [];
  for (const [name, local, own, autoUpdate = false] of rows) {
    containers.push({
      ...{ container_id: await idOf(name), container_name: name, local_digest: short(local), status: own },
      auto_update: autoUpdate,
    });
  }
  const answer = await ask("/api/images");
  expect(answer.text).toBe(`${JSON.stringify([{ image, remote_digest: short(remote), status, containers }])}\n`);
  expect(answer.headers["content-type"]).toBe("application/json");
}

/** Asks for the progress as the page does, and gives the words that it saw, until there is none, or an error. */
async function followed(id: string): Promise<readonly string[]> {
  const seen: string[] = [];
  for (;;) {
    const answer = await ask(`/api/images/${id}/progress`);
    if (answer.status === 404) {
      expect(answer.text).toBe("no progress\n");
      return seen;
    }
    expect(answer.text).toMatch(
      /^\{"layer":"[^"]*","current":\d+,"total":\d+,"percent":\d+,"status":"[^"]+(?:\\"|[^"])*"\}\n$/,
    );
    const word = String(answer.json?.["status"]);
    if (seen.at(-1) !== word) seen.push(word);
    if (word.startsWith("error: ")) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("Docker Image Watcher's routes, on a real engine", () => {
  let second: PublishedImage;

  it("show the running containers by image, with their digests", async () => {
    await expectImages(first, "uptodate", [
      ["web", first, "uptodate"],
      ["web2", first, "uptodate"],
    ]);
  });

  it("update one container in the background, and tell how far it is by its old id until it is done", async () => {
    second = await publish("2");
    await check();
    await expectImages(second, "outdated", [
      ["web", first, "outdated"],
      ["web2", first, "outdated"],
    ]);
    const id = await idOf("web");

    const answer = await post(`/api/images/${id}/update`);
    expect([answer.status, answer.text]).toEqual([200, '{"status":"updating"}']);
    const seen = await followed(id);

    expect(seen.at(-1)).toBe("recreating");
    expect(seen.filter((word) => !/^(?:connecting|[A-Z][a-z ]+)$/.test(word))).toEqual(["recreating"]);
    expect(await idOf("web")).not.toBe(id);
    expect((await post(`/api/images/${id}/update`)).text).toBe("container not found\n");
    await expectImages(second, "partial", [
      ["web", second, "uptodate"],
      ["web2", first, "outdated"],
    ]);
  });

  it("update a whole image by the documentation's command line", async () => {
    const id = await idOf("web2");
    const answer = await post(`/api/groups/${image}/update`);
    expect([answer.status, answer.text]).toEqual([200, '{"status":"updating"}']);
    await followed(id);
    await followed(await idOf("web"));

    await expectImages(second, "uptodate", [
      ["web", second, "uptodate"],
      ["web2", second, "uptodate"],
    ]);
  });

  it("update a whole image by the page's request, and show why it went wrong", async () => {
    const bad = await publish("3", crashing());
    await check();
    const ids = [await idOf("web"), await idOf("web2")];

    expect((await post("/api/groups/update", JSON.stringify({ image }))).text).toBe('{"status":"updating"}');
    for (const id of ids) expect((await followed(id)).at(-1)).toMatch(/^error: .*rolled back/);
    await expectImages(bad, "outdated", [
      ["web", second, "outdated"],
      ["web2", second, "outdated"],
    ]);
    expect([await idOf("web"), await idOf("web2")]).toEqual(ids);
  });

  it("turn automatic updates on and off", async () => {
    const id = await idOf("web2");
    const on = await post(`/api/images/${id}/auto-update`);
    const shown = await ask("/api/images");
    const off = await post(`/api/images/${id}/auto-update`);

    expect([on.text, off.text]).toEqual(['{"auto_update":true}\n', '{"auto_update":false}\n']);
    expect(shown.text).toContain(
      `"container_name":"web2","local_digest":"${short(second)}","status":"outdated","auto_update":true`,
    );
  });
});
