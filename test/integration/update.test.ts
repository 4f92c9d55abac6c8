import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type Publication, publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { crashing, withHealth, withoutBinary } from "../bed/variants.ts";
import { dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";
import { UpdateState } from "../home-assistant.ts";

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess;
let dataDir: string;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  client = await bed.broker.connect();
  dataDir = await dataDirectory(bed);
  gangway = await startGangway(bed, { dataDir });
  await client.until(({ retained }) => retained("gangway/bed/engine") === "online");
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  bed.registry.ok();
  for (const { Id } of await bed.engine.docker.listContainers({ all: true })) {
    await bed.engine.docker.getContainer(Id).remove({ force: true });
  }
  client.clear();
});

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;
const topicOf = (name: string, leaf: string): string => `gangway/bed/container/${name}/${leaf}`;
const stateOf = (name: string): Json => parse(client.retained(topicOf(name, "state")));
const updateOf = (name: string): Json => UpdateState.parse(parse(client.retained(topicOf(name, "update"))));

let containers = 0;

/** A running container on version 1 of a repository of its own, and how to publish the next version. */
async function containerOnOne(spec: Partial<Publication> = {}, options = {}) {
  const name = `web${++containers}`;
  const repository = `app${containers}`;
  const publish = (version: string, more: Partial<Publication> = {}) =>
    publishImage(bed.registry, { name: repository, tag: "stable", version, ...spec, ...more });
  const { reference, digest } = await publish("1");
  await pullImage(bed.engine.docker, reference);
  const container = await runContainer(bed.engine.docker, name, reference, options);
  await client.until(({ retained }) => parse(retained(topicOf(name, "state")))["verdict"] === "up_to_date");
  return { name, id: container.id, reference, digest, publish };
}

async function check(): Promise<void> {
  client.clear();
  await client.publish("gangway/bed/command/check", "");
  await client.until(({ messages }) => messages.find(({ topic }) => topic === "gangway/bed/result"));
}

/** Presses the update entity's button and resolves with the result. */
async function install(name: string): Promise<Json> {
  client.clear();
  await client.publish(topicOf(name, "command/update"), "install");
  const result = await client.until(
    ({ messages }) =>
      messages.find(({ topic, payload }) => topic === "gangway/bed/result" && parse(payload)["command"] === "update"),
    30_000,
  );
  await client.until(({ retained }) => parse(retained(topicOf(name, "update")))["in_progress"] === false);
  return parse(result.payload);
}

async function names(): Promise<readonly string[]> {
  const list = await bed.engine.docker.listContainers({ all: true });
  return list.flatMap(({ Names }) => Names).sort();
}

const short = (digest: string): string => digest.slice(7, 19);

describe("an update", () => {
  it("is found by digest, installed, gated, and shown step by step", async () => {
    const one = await containerOnOne();
    const two = await one.publish("2");
    await check();
    expect(updateOf(one.name)).toMatchObject({
      installed_version: `1 (${short(one.digest)})`,
      latest_version: `2 (${short(two.digest)})`,
    });
    expect(stateOf(one.name)).toMatchObject({ status: "update_available", verdict: "update_available" });

    const result = await install(one.name);

    expect(result).toMatchObject({
      ok: true,
      state: "updated",
      command: "update",
      container: one.name,
      from: `1 (${short(one.digest)})`,
      to: `2 (${short(two.digest)})`,
    });
    const phases = client.messages
      .filter(({ topic }) => topic === topicOf(one.name, "state"))
      .map(({ payload }) => String(parse(payload)["phase"]));
    expect([...new Set(phases)]).toEqual(["queued", "pulling", "creating", "switching", "verifying", "idle"]);
    const percentages = client.messages
      .filter(({ topic }) => topic === topicOf(one.name, "update"))
      .map(({ payload }) => UpdateState.parse(parse(payload)))
      .filter(({ in_progress }) => in_progress)
      .flatMap(({ update_percentage }) => update_percentage ?? []);
    expect(percentages).toEqual([...percentages].sort((a, b) => a - b));
    expect(updateOf(one.name)).toMatchObject({
      installed_version: `2 (${short(two.digest)})`,
      latest_version: `2 (${short(two.digest)})`,
      in_progress: false,
      update_percentage: null,
    });
    expect(stateOf(one.name)).toMatchObject({
      last_result: "updated",
      verdict: "up_to_date",
      phase: "idle",
      running: true,
    });
    expect(await names()).toEqual([`/${one.name}`]);
    expect((await bed.engine.docker.getContainer(one.name).inspect()).Image).toBe(two.imageId);
  });

  it("leaves nothing behind but the old image under a tag of its own", async () => {
    const one = await containerOnOne();
    await one.publish("2");
    await install(one.name);

    const tags = (await bed.engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    const kept = tags.filter((tag) => tag.startsWith("gangway/keep:") || tag.startsWith(`gangway/keep/${one.name}:`));
    expect(kept).toEqual([expect.stringMatching(new RegExp(`^gangway/keep/${one.name}:\\d{8}-\\d{6}$`))]);
    expect(await names()).toEqual([`/${one.name}`]);
  });

  it("does nothing to a container that runs the newest image", async () => {
    const one = await containerOnOne();

    expect(await install(one.name)).toMatchObject({ ok: true, state: "unchanged" });

    expect((await bed.engine.docker.getContainer(one.name).inspect()).Id).toBe(one.id);
  });

  it("of one container leaves its sibling on the old image outdated", async () => {
    const one = await containerOnOne();
    const sibling = `${one.name}-sibling`;
    await runContainer(bed.engine.docker, sibling, one.reference);
    await one.publish("2");
    await check();
    await install(one.name);

    await check();

    expect(stateOf(sibling)).toMatchObject({ verdict: "update_available" });
    expect(stateOf(one.name)).toMatchObject({ verdict: "up_to_date" });
    expect(await install(sibling)).toMatchObject({ state: "updated" });
    expect(stateOf(sibling)).toMatchObject({ verdict: "up_to_date" });
  });

  it("waits for a health check that takes its time", async () => {
    const one = await containerOnOne(withHealth("always"));
    await one.publish("2", withHealth({ afterSeconds: 2 }, { startPeriodSeconds: 5 }));

    expect(await install(one.name)).toMatchObject({ state: "updated" });

    await client.until(() => stateOf(one.name)["health"] === "healthy");
    const seconds = client.messages.flatMap(({ payload, topic }) =>
      topic === topicOf(one.name, "state") ? [parse(payload)["seconds_left"]] : [],
    );
    expect(seconds.some((left) => typeof left === "number" && left > 0)).toBe(true);
  });

  it("keeps a stopped container stopped and a paused one paused", async () => {
    const stopped = await containerOnOne();
    await bed.engine.docker.getContainer(stopped.name).stop();
    await stopped.publish("2");
    const paused = await containerOnOne();
    await bed.engine.docker.getContainer(paused.name).pause();
    await paused.publish("2");

    expect(await install(stopped.name)).toMatchObject({ state: "updated" });
    expect(await install(paused.name)).toMatchObject({ state: "updated" });

    const { State: first } = await bed.engine.docker.getContainer(stopped.name).inspect();
    const { State: second } = await bed.engine.docker.getContainer(paused.name).inspect();
    expect(first).toMatchObject({ Running: false });
    expect(second).toMatchObject({ Running: true, Paused: true });
  });

  it("that is asked for three times at once is done once", async () => {
    const one = await containerOnOne();
    await one.publish("2");
    client.clear();

    for (const id of ["a", "b", "c"]) {
      await client.publish(topicOf(one.name, "command/update"), JSON.stringify({ id }), {
        responseTopic: `answers/${id}`,
      });
    }
    await client.until(
      ({ messages }) => messages.filter(({ topic }) => topic.startsWith("answers/")).length === 3,
      30_000,
    );

    const results = client.messages.filter(({ topic }) => topic === "gangway/bed/result");
    expect(results.map(({ payload }) => parse(payload)["id"]).sort()).toEqual(["a", "b", "c"]);
    expect(new Set(results.map(({ payload }) => parse(payload)["started_at"])).size).toBe(1);
    const tags = await bed.engine.docker.listImages({
      filters: JSON.stringify({ reference: [`gangway/keep/${one.name}`] }),
    });
    expect(tags.flatMap(({ RepoTags }) => RepoTags ?? [])).toHaveLength(1);
  });
});

describe("a dry run", () => {
  it("says what an update would do and what would be lost, keeps secrets to itself, and does nothing", async () => {
    const one = await containerOnOne({}, { Env: ["PASSWORD=hidden"], Labels: { mine: "kept" } });
    await runIn(bed.engine.docker, one.name, "sh", "-c", "mkdir -p /opt/app; echo > /opt/app/notes");
    const two = await one.publish("2");
    client.clear();

    await client.publish(topicOf(one.name, "command/update"), '{"dry_run":true}');
    const { payload } = await client.until(({ messages }) =>
      messages.find(({ topic }) => topic === "gangway/bed/result"),
    );

    const seen = client.messages.filter(({ topic }) => topic === topicOf(one.name, "update"));
    expect(seen.map((message) => parse(message.payload)["in_progress"])).not.toContain(true);
    expect(parse(payload)).toMatchObject({
      ok: true,
      state: "unchanged",
      message: expect.stringMatching(/^Dry run: .* 1 files? outside of volumes would be lost\. Nothing was changed\.$/),
      from: `1 (${short(one.digest)})`,
      to: `stable (${short(two.digest)})`,
      plan: {
        members: [
          {
            container: one.name,
            running: true,
            create: { Image: one.reference, Env: ["PASSWORD=…"], Labels: { mine: "kept" } },
            lost: { log: true, files: { paths: ["/opt/app/notes"], total: 1 } },
          },
        ],
        restarts: [],
      },
    });
    expect(payload).not.toContain("hidden");
    const { Id, Image } = await bed.engine.docker.getContainer(one.name).inspect();
    expect(Id).toBe(one.id);
    expect((await bed.engine.docker.getImage(one.reference).inspect()).Id).toBe(Image);
  });
});

describe("a bad update", () => {
  it.each([
    ["exits at once", crashing(), "no", /exited with code 1/],
    ["crashes again and again", crashing(), "always", /exited with code 1|restart/],
    ["never becomes healthy", withHealth("never"), "no", /health check/],
    ["has no such program", withoutBinary(), "unless-stopped", /no such file|not found|no-such-program/],
  ])("that %s is rolled back to the very same container", async (_, variant, policy, reason) => {
    const options = { HostConfig: { RestartPolicy: { Name: policy } } };
    const one = await containerOnOne({}, options);
    await one.publish("2", variant);

    const result = await install(one.name);

    expect(result).toMatchObject({ ok: false, state: "rolled_back", message: expect.stringMatching(reason) });
    expect(result["message"]).toContain("what the new version may have changed in its volumes was not undone");
    const inspect = await bed.engine.docker.getContainer(one.name).inspect();
    expect(inspect.Id).toBe(one.id);
    expect(inspect.State.Running).toBe(true);
    expect(inspect.HostConfig.RestartPolicy?.Name).toBe(policy);
    // Whoever creates it anew, as compose may, gets the image that works.
    expect((await bed.engine.docker.getImage(one.reference).inspect()).Id).toBe(inspect.Image);
    expect(await names()).toEqual([`/${one.name}`]);
    expect(stateOf(one.name)).toMatchObject({ last_result: "rolled_back", running: true });
    await check();
    expect(updateOf(one.name)).toMatchObject({
      installed_version: `1 (${short(one.digest)})`,
      in_progress: false,
    });
    expect(stateOf(one.name)).toMatchObject({ verdict: "update_available" });
  });

  it("comes back with the log of the container that failed in the history, and not on the broker", async () => {
    const one = await containerOnOne();
    await one.publish("2", crashing());

    const result = await install(one.name);

    expect(result).toMatchObject({ state: "rolled_back" });
    expect(result).not.toHaveProperty("log");
    const kept = async () => {
      const entries = JSON.parse(await readFile(join(dataDir, "history.json"), "utf8")) as readonly Json[];
      return entries.find(({ id }) => id === result["id"])?.["log"];
    };
    await expect.poll(kept).toContain("about to crash");
  });

  it("that is for another platform leaves the container untouched", async () => {
    const one = await containerOnOne();
    const architecture = process.arch === "arm64" ? "amd64" : "arm64";
    await one.publish("2", { platform: { os: "linux", architecture } });

    expect(await install(one.name)).toMatchObject({ ok: false, state: "failed" });
    const { Id, State } = await bed.engine.docker.getContainer(one.name).inspect();
    expect([Id, State.FinishedAt.slice(0, 4)]).toEqual([one.id, "0001"]);
    expect(await names()).toEqual([`/${one.name}`]);
  });

  it("that cannot be pulled leaves the container untouched", async () => {
    const one = await containerOnOne();
    await one.publish("2");
    bed.registry.failWith({ status: 500 });

    const result = await install(one.name);
    bed.registry.ok();

    expect(result).toMatchObject({ ok: false, state: "failed" });
    expect((await bed.engine.docker.getContainer(one.name).inspect()).Id).toBe(one.id);
    expect(await names()).toEqual([`/${one.name}`]);
  });
});

describe("refused is the update of", () => {
  it("a container that was started with --rm", async () => {
    const one = await containerOnOne({}, { HostConfig: { AutoRemove: true } });
    await one.publish("2");

    expect(await install(one.name)).toMatchObject({ state: "rejected", message: expect.stringContaining("--rm") });
  });

  it("a container that was created from an image's id", async () => {
    const one = await containerOnOne();
    const { Image } = await bed.engine.docker.getContainer(one.name).inspect();
    await runContainer(bed.engine.docker, "by-id", Image);
    await client.until(() => stateOf("by-id")["status"] === "unknown_image");
    await one.publish("2");

    expect(await install("by-id")).toMatchObject({ state: "rejected", message: expect.stringContaining("image id") });
  });
});
