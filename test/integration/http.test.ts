import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import { eventually } from "../bed/wait.ts";
import { configFor, type GangwayProcess, startGangway } from "../gangway.ts";
import { type Asked, askHttp, type HttpAnswer } from "../http-bed.ts";

let bed: Bed;
let gangway: GangwayProcess;
let origin = "";
const key = "a-key-for-the-test";
const api = "/api/v1";

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  const { reference } = await publishImage(bed.registry, { name: "app", tag: "1", version: "1" });
  await pullImage(bed.engine.docker, reference);
  await runContainer(bed.engine.docker, "web", reference);
  const http = { listen: "127.0.0.1:0", enabled: true, api_key: key };
  gangway = await startGangway(bed, { config: configFor(bed, { http }) });
  const { host, port } = await gangway.logged(({ msg }) => msg === "HTTP server listens", 60_000);
  origin = `http://${String(host)}:${String(port)}`;
  await eventually(async () => (await ask("/readyz")).status === 200, "Gangway to be ready", 60_000);
  await ask(`${api}/commands/check?wait=55`, { method: "POST" });
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

function ask(path: string, asked: Asked = {}): Promise<HttpAnswer> {
  return askHttp(origin, path, { ...asked, headers: { "x-api-key": key, ...asked.headers } });
}

const post = (path: string, body?: object): Promise<HttpAnswer> =>
  ask(path, {
    method: "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });

describe("over HTTP, on a real engine", () => {
  it("a container is shown as it is", async () => {
    expect((await ask(`${api}/containers/web`)).json).toMatchObject({
      node: "bed",
      state: "running",
      update: { status: "up_to_date", available: false },
    });
    expect((await ask(`${api}/nodes`)).json).toMatchObject({
      nodes: [
        { name: "bed", engine: { online: true }, broker: { online: true }, containers: { total: 1, running: 1 } },
      ],
    });
    expect((await ask("/metrics")).text).toContain('docker_containers_running{node="bed"} 1');
  });

  it("an update is found, installed, waited for, told to who listens, and kept in the history", async () => {
    const listening = request(`${origin}${api}/events?key=${key}`, { agent: false }).end();
    const [stream] = (await once(listening, "response")) as [IncomingMessage];
    let heard = "";
    stream.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    stream.on("error", () => {});
    await publishImage(bed.registry, { name: "app", tag: "1", version: "2" });
    await post(`${api}/containers/web/check?wait=55`);
    expect((await ask(`${api}/containers/web`)).json).toMatchObject({ update: { available: true } });

    const plan = await post(`${api}/containers/web/update?wait=55`, { dry_run: true });
    expect(plan.json).toMatchObject({ ok: true, plan: { container: "web" } });
    const accepted = await post(`${api}/containers/web/update`, { id: "from-http" });
    expect(accepted.status).toBe(202);
    const ended = await ask(`${String(accepted.headers["location"])}?wait=55s`);

    expect(ended.json).toMatchObject({ id: "from-http", state: "updated", ok: true });
    await expect.poll(() => heard, { timeout: 10_000 }).toContain("event: updated");
    expect(heard).toContain("event: update_available");
    expect(heard).toMatch(/event: result\ndata: \{"id":"from-http"/);
    expect((await ask(`${api}/history?limit=1`)).json).toMatchObject({ operations: [{ id: "from-http" }] });
    expect((await ask(`${api}/containers/web`)).json).toMatchObject({ update: { available: false } });
    listening.destroy();
  });

  it("an operation that waits is cancelled, and the container is left as it is", async () => {
    // It takes half a second at least: so long the new container is watched.
    await post(`${api}/containers/web/recreate`, { id: "first" });
    await post(`${api}/containers/web/stop`, { id: "second" });
    const { status, json } = await ask(`${api}/operations/second`, { method: "DELETE" });

    expect([status, json]).toMatchObject([200, { id: "second", state: "cancelled", ended: true }]);
    expect((await ask(`${api}/operations/first?wait=55`)).json).toMatchObject({ ok: true });
    expect((await ask(`${api}/containers/web`)).json).toMatchObject({ running: true });
    expect((await ask(`${api}/operations/second`)).json).toMatchObject({ state: "cancelled" });
  });

  // test/long has all of its routes.
  it("the Home Assistant integration of Docker Monitor Image reads and updates as it is used to", async () => {
    await publishImage(bed.registry, { name: "app", tag: "1", version: "3" });
    // `force` asks nobody so soon after the last time.
    await post(`${api}/containers/web/check?wait=55`);
    const before = await askHttp(origin, `/status?key=${key}&force=1`);
    const updated = await askHttp(origin, `/update_container?key=${key}`, {
      ...{ method: "POST", body: '{"name": "web"}', headers: { "content-type": "application/json" } },
    });
    const after = await askHttp(origin, `/status?key=${key}&force=1`);

    expect(before.json).toMatchObject({ status: "ok", meta: { web: { state: "running" } } });
    expect([before, after].map(({ json }) => json?.["updates"])).toEqual([
      { web: "update_available" },
      { web: "up_to_date" },
    ]);
    expect([updated.status, updated.json]).toMatchObject([200, { updated: true }]);
  });

  it("a key is wanted, and the log has none", async () => {
    expect((await askHttp(origin, `${api}/containers`)).status).toBe(401);
    expect((await askHttp(origin, `${api}/containers?key=${key}`)).status).toBe(200);
    expect(JSON.stringify(gangway.log())).not.toContain(key);
  });
});
