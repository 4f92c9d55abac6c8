import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type Publication, publishImage, pullImage } from "../bed/images.ts";
import type { BedClient, BedMessage } from "../bed/mqtt-client.ts";
import { crashing } from "../bed/variants.ts";
import { dataDirectory, type GangwayProcess, type LogLine, startGangway } from "../gangway.ts";

let bed: Bed;
let client: BedClient;
let dataDir: string;
let gangway: GangwayProcess;

const node = "gangway/bed";
const start = async (): Promise<void> => {
  gangway = await startGangway(bed, { dataDir });
  await gangway.logged(
    ({ msg, state, command }) => msg === "operation ended" && command === "check" && state === "done",
  );
};

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  client = await bed.broker.connect();
  dataDir = await dataDirectory(bed);
  await start();
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const { Id } of await bed.engine.docker.listContainers({ all: true })) {
    await bed.engine.docker.getContainer(Id).remove({ force: true });
  }
  client.clear();
});

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;
const topicOf = (name: string, leaf: string): string => `${node}/container/${name}/${leaf}`;
const stateOf = (name: string): Json => parse(client.retained(topicOf(name, "state")));
const idOf = async (name: string): Promise<string> => (await bed.engine.docker.getContainer(name).inspect()).Id;

let containers = 0;

/** A running container on version 1 of a repository of its own, and how to publish the next version. */
async function containerOnOne(Labels: Readonly<Record<string, string>> = {}) {
  const name = `auto${++containers}`;
  const publish = (version: string, more: Partial<Publication> = {}) =>
    publishImage(bed.registry, { name, tag: "stable", version, ...more });
  const { reference } = await publish("1");
  await pullImage(bed.engine.docker, reference);
  const { id } = await runContainer(bed.engine.docker, name, reference, { Labels });
  await client.until(() => stateOf(name)["verdict"] === "up_to_date");
  return { name, id, publish };
}

const resultsIn = (messages: readonly BedMessage[], command: string): readonly Json[] =>
  messages
    .filter(({ topic }) => topic === `${node}/result`)
    .map(({ payload }) => parse(payload))
    .filter((result) => result["command"] === command);

/** Sends a command and resolves with its result. */
async function ask(topic: string, payload: string): Promise<Json> {
  client.clear();
  await client.publish(topic, payload);
  return await client.until(({ messages }) => resultsIn(messages, topic.slice(topic.lastIndexOf("/") + 1))[0]);
}

const check = (): Promise<Json> => ask(`${node}/command/check`, "");

/** Resolves with the result of the next update of a container that nobody asked for. */
async function automaticUpdate(name: string): Promise<Json> {
  const result = await client.until(
    ({ messages }) => resultsIn(messages, "update").find(({ container }) => container === name),
    30_000,
  );
  const isAuto = (line: LogLine): boolean => line["operation"] === result["id"] && line["source"] === "auto";
  expect(gangway.log().some(isAuto)).toBe(true);
  return result;
}

describe("automatic updates", () => {
  it("are not made by default, and made once the container's switch is on, in the next run too", async () => {
    const one = await containerOnOne();
    expect(stateOf(one.name)).toMatchObject({ auto_update: false, auto_update_reason: null });
    await one.publish("2");
    await check();
    expect(stateOf(one.name)).toMatchObject({ verdict: "update_available", phase: "idle" });
    expect(gangway.log().filter(({ source }) => source === "auto")).toEqual([]);

    const result = await ask(topicOf(one.name, "command/auto_update"), "ON");

    expect(result).toMatchObject({ ok: true, state: "done", container: one.name, command: "auto_update" });
    expect(parse(await readFile(join(dataDir, "settings.json"), "utf8"))).toMatchObject({
      auto_update: { bed: { [one.name]: true } },
    });
    await client.until(() => stateOf(one.name)["auto_update"] === true);
    expect(await idOf(one.name)).toBe(one.id);
    await gangway.kill();
    client.clear();
    await start();
    expect(await automaticUpdate(one.name)).toMatchObject({ ok: true, state: "updated" });
    expect(stateOf(one.name)).toMatchObject({ auto_update: true });
    expect(await idOf(one.name)).not.toBe(one.id);
  });

  it("are made where the label says so, which the switch cannot change", async () => {
    const one = await containerOnOne({ "gangway.update": "auto" });
    const reason = "The label gangway.update=auto decides.";
    expect(stateOf(one.name)).toMatchObject({ auto_update: true, auto_update_reason: reason });

    const refused = await ask(topicOf(one.name, "command/auto_update"), "OFF");
    expect(refused).toMatchObject({
      ok: false,
      state: "rejected",
      message: expect.stringContaining(`${one.name} (gangway.update=auto)`),
    });
    expect(stateOf(one.name)).toMatchObject({ auto_update: true });

    await one.publish("2");
    await check();
    expect(await automaticUpdate(one.name)).toMatchObject({ state: "updated" });
  });

  it("do not bring a version back that was rolled back on demand", async () => {
    const one = await containerOnOne({ "gangway.update": "auto" });
    await one.publish("2");
    await check();
    expect(await automaticUpdate(one.name)).toMatchObject({ state: "updated" });
    expect(await ask(topicOf(one.name, "command/rollback"), "")).toMatchObject({ state: "done" });
    const id = await idOf(one.name);

    await check();

    const isHeldBack = ({ container, reason }: LogLine): boolean =>
      container === one.name && String(reason).includes("going back is for a person to decide");
    await gangway.logged(isHeldBack);
    expect(await idOf(one.name)).toBe(id);
  });

  it("can be switched for all containers at once, but for those whose label decides", async () => {
    const one = await containerOnOne();
    const two = await containerOnOne({ "gangway.update": "manual" });

    expect(await ask(`${node}/command/auto_update`, "ON")).toMatchObject({
      state: "done",
      container: null,
      message: expect.stringMatching(new RegExp(`on for 1 container\\..*${two.name} \\(gangway.update=manual\\)`)),
    });

    await client.until(() => stateOf(one.name)["auto_update"] === true);
    expect(stateOf(two.name)).toMatchObject({ auto_update: false });
    const payload = JSON.stringify({ state: "OFF", container: one.name });
    expect(await ask(`${node}/command/auto_update`, payload)).toMatchObject({ state: "done", container: one.name });
    await client.until(() => stateOf(one.name)["auto_update"] === false);
  });

  it("do not try a version again that was rolled back, but the next one", async () => {
    const one = await containerOnOne({ "gangway.update": "auto" });
    await one.publish("2", crashing());
    await check();
    expect(await automaticUpdate(one.name)).toMatchObject({ state: "rolled_back" });

    await gangway.stop();
    await start();
    const heldBack = await gangway.logged(({ msg }) => msg === "automatic update held back");
    expect(heldBack).toMatchObject({ container: one.name, reason: expect.stringContaining("rolled back") });
    expect(await idOf(one.name)).toBe(one.id);

    await one.publish("3");
    await check();
    expect(await automaticUpdate(one.name)).toMatchObject({ state: "updated" });
  });
});
