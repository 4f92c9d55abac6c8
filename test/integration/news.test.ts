import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient, BedMessage } from "../bed/mqtt-client.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let dataDir: string;
let client: BedClient;
let gangway: GangwayProcess;
let checks = 0;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  const reference = await publish("1");
  await pullImage(bed.engine.docker, reference);
  await runContainer(bed.engine.docker, "one", reference);
  await runContainer(bed.engine.docker, "two", reference);
  dataDir = await dataDirectory(bed);
  client = await bed.broker.connect();
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(() => gangway.stop());

async function publish(version: string): Promise<string> {
  const labels = { "org.opencontainers.image.version": `${version}.0` };
  const { reference } = await publishImage(bed.registry, {
    name: "app",
    tag: "stable",
    version,
    config: { Labels: labels },
  });
  return reference;
}

async function start(): Promise<void> {
  gangway = await startGangway(bed, { config: configFor(bed), dataDir });
  await gangway.logged(({ msg, command }) => msg === "operation ended" && command === "check");
}

/** Asks until it is heard: after a return of the broker the subscription takes a moment. */
async function check(): Promise<void> {
  const id = `check-${++checks}`;
  const ask = () => void client.publish("gangway/bed/command/check", JSON.stringify({ id })).catch(() => {});
  ask();
  const asking = setInterval(ask, 1_000);
  const isResult = ({ topic, payload }: BedMessage) => topic === "gangway/bed/result" && payload.includes(id);
  await client.until(({ messages }) => messages.some(isResult)).finally(() => clearInterval(asking));
}

/** `one 2.0`: the versions that were told of, in the order of the containers' names. */
function news(): readonly string[] {
  return client.messages
    .filter(({ topic, payload }) => topic === "gangway/bed/event" && payload.includes("update_available"))
    .map(({ payload }) => JSON.parse(payload) as { readonly container: string; readonly to: string })
    .map(({ container, to }) => `${container} ${to.slice(0, to.indexOf(" ("))}`)
    .sort();
}

const offered = (name: string): string =>
  (JSON.parse(client.retained(`gangway/bed/container/${name}/update`) ?? "{}") as Record<string, string>)[
    "latest_version"
  ] ?? "";

describe("a new version", () => {
  it("is told of once for each container, whatever restarts and wherever the tag goes", async () => {
    await start();
    expect(news()).toEqual([]);
    await publish("2");
    await check();
    expect(news()).toEqual(["one 2.0", "two 2.0"]);

    await check();
    await bed.broker.stop();
    await bed.broker.start();
    await check();
    await gangway.kill();
    await start();
    expect(news()).toEqual(["one 2.0", "two 2.0"]);

    await publish("3");
    await check();
    expect(news()).toEqual(["one 2.0", "one 3.0", "two 2.0", "two 3.0"]);
    for (const version of ["2", "3", "1", "3"]) {
      await publish(version);
      await check();
      expect(offered("one")).toContain(`${version}.0 (`);
    }
    expect(news()).toEqual(["one 2.0", "one 3.0", "two 2.0", "two 3.0"]);
  });
});
