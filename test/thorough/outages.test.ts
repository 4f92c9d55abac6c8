import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type EngineProxy, openEngineProxy } from "../bed/engine-proxy.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess | undefined;
let reference: string;

beforeEach(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  const image = await publishImage(bed.registry, { name: "app", tag: "1", version: "1" });
  reference = image.reference;
  await pullImage(bed.engine.docker, reference);
  await runContainer(bed.engine.docker, "web", reference);
  await runContainer(bed.engine.docker, "db", reference, { HostConfig: { RestartPolicy: { Name: "always" } } });
  client = await bed.broker.connect();
});
afterEach(async () => {
  await gangway?.[Symbol.asyncDispose]();
  gangway = undefined;
  await client[Symbol.asyncDispose]();
  await bed[Symbol.asyncDispose]();
});

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;
const stateTopic = (name: string): string => `gangway/bed/container/${name}/state`;

async function started(options: Parameters<typeof startGangway>[1] = {}): Promise<GangwayProcess> {
  gangway = await startGangway(bed, options);
  await client.until(({ retained }) => parse(retained(stateTopic("web")))["verdict"] === "up_to_date");
  return gangway;
}

describe("when the broker goes away", () => {
  it("everything is right again after its return, though it has forgotten all", async () => {
    const process = await started();
    await bed.broker.kill();
    await process.logged(({ msg }) => msg === "broker connection was lost");
    await bed.engine.docker.getContainer("web").stop();
    await bed.broker.start();
    await using fresh = await bed.broker.connect();

    await fresh.until(({ retained }) => retained("gangway/bed/status") === "online" && retained("gangway/bed/state"));
    await fresh.until(({ retained }) => parse(retained(stateTopic("web")))["state"] === "exited");

    expect(fresh.topics()).toEqual(
      expect.arrayContaining([
        "homeassistant/device/gangway_bed/config",
        "homeassistant/device/gangway_bed_web/config",
        "homeassistant/device/gangway_bed_db/config",
        "gangway/bed/container/db/update",
      ]),
    );
    expect(parse(fresh.retained(stateTopic("web")))).toMatchObject({ verdict: "up_to_date" });
  });

  it("commands work again afterwards", async () => {
    await started();
    await bed.broker.kill();
    await bed.broker.start();
    await using fresh = await bed.broker.connect();
    await fresh.until(({ retained }) => retained("gangway/bed/status") === "online");

    // The subscription follows the first messages.
    const answer = fresh.until(({ messages }) => messages.find(({ topic }) => topic === "gangway/bed/result"));
    const asking = setInterval(() => void fresh.publish("gangway/bed/container/web/command/stop", ""), 100);
    await answer.finally(() => clearInterval(asking));

    expect((await bed.engine.docker.getContainer("web").inspect()).State.Running).toBe(false);
  });

  it("or is not there at the start, Gangway waits for it", async () => {
    await bed.broker.stop();
    gangway = await startGangway(bed);
    await gangway.logged(({ msg }) => msg.startsWith("broker is not reachable"));

    await bed.broker.start();
    await using fresh = await bed.broker.connect();

    await fresh.until(({ retained }) => parse(retained(stateTopic("web")))["running"] === true);
  });
});

describe("when the engine goes away", () => {
  it("it is offline at once, and everything is right after its return", async () => {
    await started();
    await bed.engine.kill();
    await client.until(({ retained }) => retained("gangway/bed/engine") === "offline", 2_000);
    expect(client.retained("gangway/bed/status")).toBe("online");
    expect(client.retained("gangway/bed/container/web/availability")).toBe("online");

    await bed.engine.start();
    await client.until(({ retained }) => retained("gangway/bed/engine") === "online");

    // A power cut: `web` was not to be restarted, `db` was.
    expect(parse(client.retained(stateTopic("web")))).toMatchObject({ state: "exited" });
    expect(parse(client.retained(stateTopic("db")))).toMatchObject({ state: "running" });
    await bed.engine.docker.getContainer("web").start();
    await client.until(({ retained }) => parse(retained(stateTopic("web")))["running"] === true);
  });

  it("a command fails with the reason, and the process lives", async () => {
    await started();
    await bed.engine.stop();
    await client.until(({ retained }) => retained("gangway/bed/engine") === "offline");
    client.clear();

    await client.publish("gangway/bed/container/web/command/start", "");
    const result = await client.until(({ messages }) => messages.find(({ topic }) => topic === "gangway/bed/result"));

    expect(parse(result.payload)).toMatchObject({
      ok: false,
      state: "failed",
      message: expect.stringContaining("engine"),
    });
    await bed.engine.start();
    await client.until(({ retained }) => retained("gangway/bed/engine") === "online");
  });

  it("or is not there at the start, Gangway says so and waits for it", async () => {
    await bed.engine.stop();
    gangway = await startGangway(bed);
    await client.until(({ retained }) => retained("gangway/bed/engine") === "offline");

    await bed.engine.start();
    await client.until(({ retained }) => retained("gangway/bed/engine") === "online");

    expect(parse(client.retained(stateTopic("db")))).toMatchObject({ running: true });
  });

  it("for a moment only, what happened meanwhile is not missed", async () => {
    const proxy: EngineProxy = await openEngineProxy(bed.engine.socketPath);
    try {
      const process = await started({ config: configFor(bed, { engines: [{ node: "bed", host: proxy.host }] }) });
      client.clear();
      proxy.cutAll();
      await process.logged(({ msg }) => msg === "everything was read anew");
      expect(client.messages.filter(({ topic }) => topic === "gangway/bed/engine")).toEqual([]);
      proxy.onRequest(() => "cut");
      proxy.cutAll();
      await client.until(({ retained }) => retained("gangway/bed/engine") === "offline");
      await bed.engine.docker.getContainer("web").remove({ force: true });
      await runContainer(bed.engine.docker, "late", reference);
      proxy.onRequest(undefined);

      await client.until(({ retained }) => retained("gangway/bed/engine") === "online");

      expect(client.retained("gangway/bed/container/web/availability")).toBe("offline");
      expect(parse(client.retained(stateTopic("late")))).toMatchObject({ running: true });
    } finally {
      await gangway?.kill();
      await proxy[Symbol.asyncDispose]();
    }
  });
});

describe("when Gangway ends", () => {
  it("by SIGTERM, it says so on the status topic and exits with 0", async () => {
    const process = await started();

    expect(await process.stop()).toBe(0);

    expect(client.retained("gangway/bed/status")).toBe("offline");
  });

  it("by SIGKILL, the broker says so for it", async () => {
    const process = await started();

    await process.kill();

    await client.until(({ retained }) => retained("gangway/bed/status") === "offline");
  });

  it("and starts again, a container that vanished meanwhile is unavailable, and a verdict is still known", async () => {
    const dataDir = await dataDirectory(bed);
    const process = await started({ dataDir });
    await process.stop();
    await bed.engine.docker.getContainer("db").remove({ force: true });
    bed.registry.hang();
    client.clear();

    gangway = await startGangway(bed, { dataDir });
    await client.until(({ retained }) => retained("gangway/bed/container/db/availability") === "offline");
    await client.until(({ messages }) => messages.find(({ topic }) => topic === "gangway/bed/container/web/update"));

    expect(parse(client.retained(stateTopic("web")))).toMatchObject({ verdict: "up_to_date" });
    // The registry has not answered since.
    const states = client.messages.filter(({ topic }) => topic === "gangway/bed/state");
    expect(states.map(({ payload }) => parse(payload)["last_check"])).not.toContain(null);
    bed.registry.ok();
  });

  it("in the middle of a pull, the container is untouched", async () => {
    const process = await started();
    const { Id } = await bed.engine.docker.getContainer("web").inspect();
    await publishImage(bed.registry, { name: "app", tag: "1", version: "2" });
    bed.registry.hang();
    await client.publish("gangway/bed/container/web/command/update", "");
    await client.until(({ retained }) => parse(retained(stateTopic("web")))["phase"] === "pulling");

    expect(await process.stop()).toBe(0);

    bed.registry.ok();
    expect((await bed.engine.docker.getContainer("web").inspect()).Id).toBe(Id);
    const result = client.messages.findLast(({ topic }) => topic === "gangway/bed/result");
    expect(parse(result?.payload)).toMatchObject({ state: "cancelled" });
  });
});

describe("topics of earlier runs", () => {
  it("are cleared, those of another node and base topic too, and nothing of others is", async () => {
    const dataDir = await dataDirectory(bed);
    await (await started({ dataDir })).stop();
    await client.publish("gangway/bed/container/ghost/state", "{}", { retain: true });
    await client.publish("homeassistant/device/gangway_bed_ghost/config", "{}", { retain: true });
    await client.publish("homeassistant/device/gangway_foreign/config", "{}", { retain: true });

    const engines = [{ node: "other", host: bed.engine.host }];
    const mqtt = { url: bed.broker.url, base_topic: "docker" };
    gangway = await startGangway(bed, { dataDir, config: configFor(bed, { engines, mqtt }) });
    const isOwn = (topic: string): boolean => /^docker\/other\/|^homeassistant\/device\/gangway_other/.test(topic);
    await client.until(({ topics }) => topics().filter((topic) => !isOwn(topic)).length === 1, 20_000);

    expect(client.retained("homeassistant/device/gangway_foreign/config")).toBe("{}");
    expect(client.retained("docker/other/container/web/availability")).toBe("online");
  });
});

describe("files", () => {
  it("that are damaged are set aside and reported, and Gangway runs", async () => {
    const dataDir = await dataDirectory(bed);
    await writeFile(join(dataDir, "known.json"), "{ not json");
    await writeFile(join(dataDir, "history.json"), '{"an":"object"}');

    const process = await started({ dataDir });

    const damaged = process.log().filter(({ msg }) => msg === "a damaged file was set aside");
    expect(damaged.map(({ setAside }) => String(setAside))).toEqual([
      expect.stringContaining("known.json.corrupt-"),
      expect.stringContaining("history.json.corrupt-"),
    ]);
  });
});
