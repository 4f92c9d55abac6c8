import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { crashing } from "../bed/variants.ts";
import { configFor, type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess;

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;
const project = { "com.docker.compose.project": "home" };

/** `one` and `two` have a good update, `bad` one that crashes, `current` none; `one` and `current` are of a compose project. */
beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  client = await bed.broker.connect();
  for (const [name, Labels] of [
    ["one", project],
    ["two", {}],
    ["bad", {}],
    ["current", project],
  ] as const) {
    const { reference } = await publishImage(bed.registry, { name, tag: "stable", version: `${name}-1` });
    await pullImage(bed.engine.docker, reference);
    await runContainer(bed.engine.docker, name, reference, { Labels });
    if (name !== "current") {
      await publishImage(bed.registry, {
        name,
        tag: "stable",
        version: `${name}-2`,
        ...(name === "bad" ? crashing() : {}),
      });
    }
  }
  gangway = await startGangway(bed, {
    config: configFor(bed, {
      update: { stable_for: "500ms", health_timeout: "10s", parallel: 2, cleanup: { old_images: true } },
    }),
  });
  for (const name of ["one", "two", "bad", "current"]) {
    await client.until(({ retained }) => typeof parse(retained(topicOf(name)))["verdict"] === "string", 20_000);
  }
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

const topicOf = (name: string): string => `gangway/bed/container/${name}/state`;
const idOf = async (name: string): Promise<string> => (await bed.engine.docker.getContainer(name).inspect()).Id;

async function updateAll(options: object): Promise<Json> {
  client.clear();
  await client.publish("gangway/bed/command/update_all", JSON.stringify(options));
  const { payload } = await client.until(
    ({ messages }) =>
      messages.find(
        ({ topic, payload }) => topic === "gangway/bed/result" && parse(payload)["command"] === "update_all",
      ),
    40_000,
  );
  return parse(payload);
}

describe("an update of several containers", () => {
  it("of which one does not exist touches none", async () => {
    const before = await idOf("one");

    const result = await updateAll({ containers: ["one", "nobody"] });

    expect(result).toMatchObject({ ok: false, state: "rejected", message: expect.stringContaining("nobody") });
    expect(await idOf("one")).toBe(before);
  });

  it("of a compose project is about its own", async () => {
    const [two, current] = [await idOf("two"), await idOf("current")];

    const result = await updateAll({ project: "home" });

    expect(result).toMatchObject({ ok: true, state: "done", results: [{ container: "one", state: "updated" }] });
    expect([await idOf("two"), await idOf("current")]).toEqual([two, current]);
  });

  it("goes on where one fails, and tells of each", async () => {
    const result = await updateAll({});

    expect(result).toMatchObject({
      ok: false,
      state: "failed",
      message: expect.stringMatching(/^2 containers: 1 updated, 1 rolled back\. bad was rolled back: /),
      results: [
        { container: "bad", state: "rolled_back" },
        { container: "two", state: "updated" },
      ],
    });
  });

  it("removes old images but the last, where the configuration says so", async () => {
    const { docker } = bed.engine;
    const imageOf = async (): Promise<string> => (await docker.getContainer("one").inspect()).Image;
    const second = await imageOf();
    await publishImage(bed.registry, { name: "one", tag: "stable", version: "third" });

    expect(await updateAll({ containers: ["one"] })).toMatchObject({ results: [{ state: "updated" }] });

    const images = await docker.listImages();
    const left = images.filter(({ RepoDigests }) => RepoDigests?.some((digest) => digest.includes("/one@")));
    expect(new Set(left.map(({ Id }) => Id))).toEqual(new Set([second, await imageOf()]));
  });

  it("that finds nothing to do says so", async () => {
    expect(await updateAll({ image: "no/such-image" })).toMatchObject({ ok: true, state: "unchanged" });
  });
});
