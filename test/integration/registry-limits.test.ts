import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLimits } from "../../src/files/limits.ts";
import { createRegistryLimits } from "../../src/registry/known-limits.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import { configFor, dataDirectory, startGangway } from "../gangway.ts";
import { openClient } from "../registry/client.ts";
import { openScripted, type Scripted } from "../registry/scripted.ts";

const found: Scripted = { status: 200, headers: { "docker-content-digest": `sha256:${"a".repeat(64)}` } };
const told: Scripted = {
  status: 200,
  headers: { ...found.headers, "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "20;w=21600" },
};

describe("what a registry tells of its limits", () => {
  it("is known from its own answers, and not from those of others", async () => {
    await using store = await openScripted(() => told);
    await using server = await openScripted(({ url }) =>
      url.pathname.includes("moved")
        ? { status: 307, headers: { location: `http://localhost:${store.port}/` } }
        : url.pathname.includes("quiet")
          ? found
          : told,
    );
    await using client = openClient();

    await client.digestOf(`${server.host}/moved`);
    await client.digestOf(`${server.host}/quiet`);
    expect([...client.limits.all()]).toEqual([]);
    await client.digestOf(`${server.host}/image`);
    expect([...client.limits.all()]).toEqual([
      [server.host, { toldAt: expect.any(Number), quota: { limit: 100, remaining: 20, windowSeconds: 21_600 } }],
    ]);
  });

  it("slows down the questions to that registry after the first ten, and to no other", async () => {
    await using server = await openScripted(() => told);
    await using other = await openScripted(() => found);
    await using client = openClient();
    await client.digestOf(`${server.host}/image:first`);
    const started = performance.now();
    const tags = Array.from({ length: 12 }, (_, tag) => client.digestOf(`${server.host}/image:${tag}`));
    await client.digestOf(`${server.host}/image:0`);
    await Promise.all(Array.from({ length: 30 }, (_, tag) => client.digestOf(`${other.host}/image:${tag}`)));
    const others = performance.now() - started;
    await Promise.all(tags);

    expect(performance.now() - started).toBeGreaterThan(1_000);
    expect(others).toBeLessThan(performance.now() - started);
  });

  it("is minded after a restart", async () => {
    const directory = await mkdtemp(join(tmpdir(), "registry-limits-"));
    const files = { onDamage: () => {}, onFailure: () => {} };
    await using server = await openScripted(() => ({ status: 429, headers: { "retry-after": "120" } }));
    const run = async () => {
      await using file = await openLimits(join(directory, "limits.json"), Date.now(), files);
      const limits = createRegistryLimits(file.limits);
      limits.subscribe(() => file.save(limits.all()));
      await using client = openClient({ limits });
      const failure: unknown = await client.digestOf(`${server.host}/image`).catch((error: unknown) => error);
      return { failure, lines: client.lines.length };
    };

    expect(await run()).toMatchObject({ failure: { code: "registry_limited" }, lines: 1 });
    const again = await run();
    expect(again).toMatchObject({ failure: { code: "registry_limited" }, lines: 0 });
    expect((again.failure as { retryAfterMs: number }).retryAfterMs).toBeLessThan(120_000);
    expect(server.seen).toHaveLength(1);
    await rm(directory, { recursive: true });
  });
});

describe("a Gangway whose registry limits it", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed({ engine: true, registry: true, broker: true });
    for (const name of ["one", "two", "three"]) {
      const { reference } = await publishImage(bed.registry, { name, tag: "1", version: "1" });
      await pullImage(bed.engine.docker, reference);
      await runContainer(bed.engine.docker, name, reference);
    }
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  it("says so once in the log, in an event and in the node's state, and is silent about it after a crash", async () => {
    const { registry } = bed;
    const dataDir = await dataDirectory(bed);
    await using client = await bed.broker.connect();
    const state = () => JSON.parse(client.retained("gangway/bed/state") ?? "{}") as Readonly<Record<string, unknown>>;
    const events = () =>
      client.messages.filter(
        ({ topic, payload }) => topic === "gangway/bed/event" && payload.includes("registry_limited"),
      );
    const config = configFor(bed);
    registry.failWith({ status: 429, headers: { "retry-after": "600" } });
    registry.clearRequests();
    {
      await using gangway = await startGangway(bed, { config, dataDir });
      await client.until(() => state()["registries_limited"] === 1 && state()["last_check"] !== null, 30_000);
      const limits = state()["registry_limits"] as Record<string, Record<string, unknown>>;
      expect(limits[registry.host]).toMatchObject({ limited_until: expect.stringMatching(/Z$/), remaining: null });
      await client.publish("gangway/bed/command/check", JSON.stringify({ id: "again" }));
      await client.until(({ messages }) => messages.some(({ payload }) => payload.includes('"id":"again"')));
      expect(events()).toHaveLength(1);
      expect(gangway.log().filter(({ level }) => level === 40)).toMatchObject([{ registry: registry.host }]);
      await gangway.kill();
    }
    expect(registry.requests().length).toBeGreaterThan(0);

    registry.ok();
    registry.clearRequests();
    client.clear();
    await using again = await startGangway(bed, { config, dataDir });
    await again.logged(({ msg, command }) => msg === "operation ended" && command === "check");
    await client.until(() => state()["registries_limited"] === 1);
    expect(events()).toEqual([]);
    expect(registry.requests()).toEqual([]);
    expect(again.log().filter(({ level }) => level === 40)).toEqual([]);
  });
});
