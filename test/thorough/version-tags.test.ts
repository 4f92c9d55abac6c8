import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type Publication, publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { crashing } from "../bed/variants.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";
import { UpdateState } from "../home-assistant.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess;
let dataDir: string;

const startMs = 60_000;
const versions = "^[0-9]+\\.[0-9]+\\.[0-9]+$";

async function start(): Promise<void> {
  const images = [
    { image: "**/based*", tags: { regex: versions, base_tag: "latest" } },
    { image: "**/app*", tags: { regex: versions } },
  ];
  client.clear();
  gangway = await startGangway(bed, { dataDir, config: configFor(bed, { images }) });
  // An earlier life has left the same behind: what counts is what comes now.
  await client.until(
    ({ messages }) => messages.some(({ topic, payload }) => topic === "gangway/bed/engine" && payload === "online"),
    startMs,
  );
}

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
  bed.registry.ok();
  for (const { Id } of await bed.engine.docker.listContainers({ all: true })) {
    await bed.engine.docker.getContainer(Id).remove({ force: true });
  }
  client.clear();
});

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload || "{}") as Json;
const topicOf = (name: string, leaf: string): string => `gangway/bed/container/${name}/${leaf}`;
const stateOf = (name: string): Json => parse(client.retained(topicOf(name, "state")));
const updateOf = (name: string): Json => UpdateState.parse(parse(client.retained(topicOf(name, "update"))));
const short = (digest: string): string => digest.slice(7, 19);

let repositories = 0;

interface Wish {
  readonly kind?: "app" | "based";
  /** The tag that the container is created from. */
  readonly tag: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Publishes what `tags` say (a tag and the version of its content), and runs a container of one of them. */
async function containerOn({ kind = "app", tag, options = {} }: Wish, tags: Readonly<Record<string, string>>) {
  repositories += 1;
  const name = `web${repositories}`;
  const repository = `${kind}${repositories}`;
  const publish = (to: string, version: string, more: Partial<Publication> = {}) =>
    publishImage(bed.registry, { name: repository, tag: to, version, ...more });
  const digests: Record<string, string> = {};
  for (const [to, version] of Object.entries(tags)) digests[to] = (await publish(to, version)).digest;
  const reference = `${bed.registry.host}/${repository}:${tag}`;
  await pullImage(bed.engine.docker, reference);
  await runContainer(bed.engine.docker, name, reference, options);
  await client.until(({ retained }) => retained(topicOf(name, "state")) !== undefined, startMs);
  await command(name, "check");
  return {
    name,
    repository,
    reference,
    publish,
    digests,
    of: (to: string) => `${bed.registry.host}/${repository}:${to}`,
  };
}

let commands = 0;

/** Sends a command for a container, and resolves with its result when the topics show it. */
async function command(name: string, word: string, options: Json = {}): Promise<Json> {
  const id = `test-${++commands}`;
  client.clear();
  await client.publish(topicOf(name, `command/${word}`), JSON.stringify({ ...options, id }));
  const { payload } = await client.until(
    ({ messages }) =>
      messages.find(({ topic, payload: text }) => topic === "gangway/bed/result" && parse(text)["id"] === id),
    startMs,
  );
  await client.until(({ retained }) => parse(retained(topicOf(name, "state")))["phase"] === "idle", startMs);
  return parse(payload);
}

const inspect = (name: string) => bed.engine.docker.getContainer(name).inspect();

/** Gangway forgets its lists of tags with its process. */
async function newLists(): Promise<void> {
  await gangway.stop();
  await gangway[Symbol.asyncDispose]();
  await start();
}

describe("a container on a tag that moves", () => {
  it("is shown with the version that its tag stands for, asked for once per digest", async () => {
    const tags = { stable: "1", "1.0.0": "1", "1.0.1": "other" };
    const { name, digests, publish } = await containerOn({ tag: "stable" }, tags);
    const one = `1.0.0 (${short(digests["stable"] ?? "")})`;
    expect(updateOf(name)).toMatchObject({ installed_version: one, latest_version: one });

    bed.registry.clearRequests();
    await command(name, "check");
    expect(bed.registry.requests().map(({ method }) => method)).toEqual(["HEAD"]);

    const two = await publish("stable", "2");
    await publish("1.1.0", "2");
    await newLists();
    await command(name, "check");
    const latest = `1.1.0 (${short(two.digest)})`;
    expect(updateOf(name)).toMatchObject({ installed_version: one, latest_version: latest });

    const result = await command(name, "update");
    expect(result).toMatchObject({ state: "updated", from: one, to: latest });
    expect(updateOf(name)).toMatchObject({ installed_version: latest, latest_version: latest });
    expect((await inspect(name)).Config.Image).toMatch(/:stable$/);
  });
});

describe("a container on a version of its own", () => {
  const options = {
    Env: ["MODE=test"],
    Labels: { "com.docker.compose.project": "home", "com.docker.compose.service": "web", mine: "yes" },
    HostConfig: { Binds: ["web-data:/data"], RestartPolicy: { Name: "unless-stopped" } },
  };
  const tags = { latest: "3", "1.2.0": "1", "1.10.0": "2", "1.9.0": "9", "1.11.0-alpine": "7" };

  it("is given the newest one under its tag, keeps everything else, and can go back to its old tag", async () => {
    const { name, reference, of, digests } = await containerOn({ tag: "1.2.0", options }, tags);
    const from = `1.2.0 (${short(digests["1.2.0"] ?? "")})`;
    const to = `1.10.0 (${short(digests["1.10.0"] ?? "")})`;
    expect(updateOf(name)).toMatchObject({ installed_version: from, latest_version: to });
    expect(stateOf(name)).toMatchObject({
      status: "update_available",
      reason: expect.stringContaining("1.10.0 is newer"),
    });
    const before = await inspect(name);

    const dry = await command(name, "update", { dry_run: true });
    expect(dry).toMatchObject({ from, to, plan: { members: [{ create: { Image: of("1.10.0") } }] } });
    expect((await inspect(name)).Id).toBe(before.Id);

    const result = await command(name, "update");
    expect(result).toMatchObject({ state: "updated", from, to });
    expect(result["message"]).toContain(`Its compose file still names ${reference}: write ${of("1.10.0")} there`);
    const after = await inspect(name);
    expect(after.Config.Image).toBe(of("1.10.0"));
    expect(after.Config.Env).toEqual(before.Config.Env);
    expect(after.Config.Labels).toMatchObject(options.Labels);
    expect(after.Mounts.map(({ Name, Destination }) => [Name, Destination])).toEqual([["web-data", "/data"]]);
    expect(after.HostConfig.RestartPolicy).toMatchObject({ Name: "unless-stopped" });
    expect(updateOf(name)).toMatchObject({ installed_version: to, latest_version: to });

    expect(await command(name, "rollback")).toMatchObject({ state: "done", from: to, to: from });
    const back = await inspect(name);
    expect([back.Config.Image, back.Image]).toEqual([reference, before.Image]);
  });

  it("stays on its old tag where the new version does not work, and is not offered as news again", async () => {
    const { name, reference, publish } = await containerOn({ tag: "1.0.0" }, { "1.0.0": "1" });
    const bad = await publish("2.0.0", "2", crashing());
    await newLists();
    await command(name, "check");
    const before = await inspect(name);

    expect(await command(name, "update")).toMatchObject({ state: "rolled_back", ok: false });

    const after = await inspect(name);
    expect([after.Id, after.Config.Image, after.State.Running]).toEqual([before.Id, reference, true]);
    expect(updateOf(name)).toMatchObject({ latest_version: `2.0.0 (${short(bad.digest)})` });
    await command(name, "check");
    expect(stateOf(name)).toMatchObject({ status: "update_available" });
    expect(
      client.messages.filter(
        ({ topic, payload }) => topic === "gangway/bed/event" && payload.includes("update_available"),
      ),
    ).toEqual([]);
  });

  it("costs one HEAD in a quiet check, and keeps its verdict while the list of tags cannot be read", async () => {
    const { name } = await containerOn({ tag: "1.10.0" }, tags);
    bed.registry.clearRequests();
    await command(name, "check");
    expect(bed.registry.requests()).toMatchObject([
      { method: "HEAD", url: expect.stringContaining("/manifests/1.10.0") },
    ]);
    expect(stateOf(name)).toMatchObject({ status: "up_to_date" });

    for (const status of [500, 404]) {
      bed.registry.failWith({ status }, ({ url }) => url.includes("/tags/list"));
      await newLists();
      await command(name, "check");
      expect(stateOf(name)).toMatchObject({ status: "registry_error", verdict: "up_to_date" });
      bed.registry.ok();
    }
  });

  it("is told that its label is wrong, and why", async () => {
    const labels = { "gangway.tags.regex": "^(?!rc)" };
    const { name } = await containerOn({ tag: "1.2.0", options: { Labels: labels } }, tags);

    expect(stateOf(name)).toMatchObject({
      status: "unknown_image",
      reason:
        "The pattern for version tags in the label gangway.tags.regex is refused: lookaheads and lookbehinds are not supported.",
    });
  });
});

describe("a container with a base tag", () => {
  it("is given the version that the base tag stands for, and none beyond", async () => {
    const tags = { latest: "2", "1.0.0": "1", "1.1.0": "2", "2.0.0": "3" };
    const { name, of } = await containerOn({ kind: "based", tag: "1.0.0" }, tags);
    expect(updateOf(name)).toMatchObject({ latest_version: expect.stringMatching(/^1\.1\.0 /) });

    expect(await command(name, "update")).toMatchObject({ state: "updated" });
    expect((await inspect(name)).Config.Image).toBe(of("1.1.0"));
  });

  it("is never offered an older one", async () => {
    const tags = { latest: "1", "1.0.0": "1", "1.1.0": "2" };
    const { name } = await containerOn({ kind: "based", tag: "1.1.0" }, tags);

    expect(stateOf(name)).toMatchObject({
      status: "up_to_date",
      reason: "latest still is 1.0.0, older than the container's 1.1.0: no way back is offered.",
    });
    expect(await command(name, "update")).toMatchObject({ state: "unchanged" });
  });
});
