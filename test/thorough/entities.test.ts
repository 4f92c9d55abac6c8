import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";
import { type Component, DiscoveryPayload, wholeComponents } from "../home-assistant.ts";
import { rendered } from "../home-assistant-template.ts";

/* What Home Assistant makes of the entities, told by the model of it and without it. */

let bed: Bed;
let client: BedClient;
let dataDir: string;
let gangway: GangwayProcess | undefined;
let reference: string;

const config = "homeassistant/device/gangway_bed_web/config";
const stateTopic = "gangway/bed/container/web/state";
/** A birth is answered after up to 5 s, and two different payloads of a device are 5 s apart. */
const settledMs = 25_000;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  const image = await publishImage(bed.registry, { name: "app", tag: "1", version: "1" });
  reference = image.reference;
  await pullImage(bed.engine.docker, reference);
  await runContainer(bed.engine.docker, "web", reference, {
    Labels: { "gangway.name": "Web server", "gangway.icon": "mdi:web" },
  });
  dataDir = await dataDirectory(bed);
  client = await bed.broker.connect();
});
afterEach(async () => {
  await gangway?.stop();
  gangway = undefined;
});
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

/** Starts Gangway with these settings of entities, on the data of the runs before. */
async function start(entities: object, more: object = {}): Promise<void> {
  // What an earlier run has left on the broker is not this run's.
  client.clear();
  gangway = await startGangway(bed, { dataDir, config: configFor(bed, { entities, ...more }) });
  const isState = (message: { readonly topic: string; readonly payload: string }): boolean =>
    message.topic === stateTopic && message.payload.includes('"verdict":"up_to_date"');
  await client.until(({ messages }) => messages.some(isState));
}

function payload(topic = config): DiscoveryPayload {
  return DiscoveryPayload.parse(JSON.parse(client.retained(topic) ?? "null"));
}

function entities(topic = config): ReadonlyMap<string, Component> {
  return wholeComponents(payload(topic));
}

/** What the entity shows now, and its attributes. */
function shown(key: string): readonly [unknown, unknown] {
  const component = entities().get(key);
  const json = client.retained(stateTopic) ?? "";
  if (component === undefined || !("value_template" in component)) throw new Error(`there is no entity ${key}`);
  const { value_template: template = "", json_attributes_template: attributes } = component;
  return [rendered(template, json), attributes === undefined ? undefined : rendered(attributes, json)];
}

it("a preset and lists choose the entities, and what is chosen away is removed when Home Assistant is there", async () => {
  await start({ preset: "full" }, { stats: { interval: 5 } });
  expect(payload().device.name).toBe("Web server");
  expect(entities().get("power")).toMatchObject({ icon: "mdi:web", name: null });
  expect([...entities().keys()]).toEqual(expect.arrayContaining(["pids", "block_write_total", "rollback", "digest"]));
  await gangway?.stop();

  await start({ preset: "minimal", include: ["digest"], exclude: ["restart"], prefix: "docker_{node}" });
  await client.until(() => payload().components["pids"]?.platform === "sensor" && !entities().has("pids"), settledMs);
  expect(payload().components["restart"]).toEqual({ platform: "button" });
  await client.publish("homeassistant/status", "online");
  await client.until(() => entities().has("pids"), settledMs);
  await client.until(() => payload().components["pids"] === undefined, settledMs);

  expect([...entities().keys()]).toEqual(["update", "power", "problem", "digest"]);
  expect(entities().get("digest")).toMatchObject({
    unique_id: "gangway_bed_web_digest",
    default_entity_id: "sensor.docker_bed_web_image_digest",
  });
  const node = "homeassistant/device/gangway_bed/config";
  await client.until(() => Object.keys(payload(node).components).length === 4, settledMs);
});

it("problems show themselves with their reasons, and go away", async () => {
  await start({});
  expect(shown("problem")).toEqual(["OFF", { reason: null }]);
  expect(shown("check_problem")[0]).toBe("OFF");

  bed.registry.failWith({ status: 500 });
  await client.publish("gangway/bed/container/web/command/check", "");
  await client.until(() => shown("check_problem")[0] === "ON");
  expect(shown("check_problem")[1]).toMatchObject({ reason: expect.stringMatching(/500|failed|error/i) });
  expect(shown("update_status")[0]).toBe("registry_error");

  bed.registry.ok();
  await client.publish("gangway/bed/container/web/command/check", "");
  await client.until(() => shown("check_problem")[0] === "OFF");
});

it("an update that is rolled back is a problem until a version works, whose time is kept over a restart", async () => {
  await start({});
  expect(shown("last_update")[0]).toBeNull();
  await publishImage(bed.registry, {
    name: "app",
    tag: "1",
    version: "2",
    config: { Cmd: ["/bin/sh", "-c", "exit 3"] },
  });
  await client.publish("gangway/bed/container/web/command/update", "install");
  await client.until(() => shown("problem")[0] === "ON", 40_000);
  expect(shown("last_result")).toEqual(["rolled_back", { message: expect.stringMatching(/./) }]);

  await publishImage(bed.registry, { name: "app", tag: "1", version: "3" });
  await client.publish("gangway/bed/container/web/command/update", "install");
  await client.until(() => shown("last_result")[0] === "updated", 40_000);
  expect(shown("problem")).toEqual(["OFF", { reason: null }]);
  const time = shown("last_update")[0];
  expect(Date.parse(String(time))).toBeGreaterThan(Date.now() - 60_000);
  await gangway?.stop();

  await start({});
  await client.until(({ messages }) => messages.some(({ topic }) => topic === stateTopic));
  expect(shown("last_update")[0]).toBe(time);
});
