import { readFile } from "node:fs/promises";
import { Agent, get } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, untilInspect, untilLogged } from "../bed/containers.ts";
import { loadImage, publishImage, pullImage, pushImage, unpublishImage } from "../bed/images.ts";
import { crashing, fullOfDefaults, stubborn, withHealth, withoutBinary } from "../bed/variants.ts";
import { eventually } from "../bed/wait.ts";

describe("the registry of a bed", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed({ engine: { network: "none" }, registry: true });
  });
  afterAll(() => bed[Symbol.asyncDispose]());
  afterEach(async () => {
    bed.registry.ok();
    bed.registry.clearRequests();
    await bed.registry.start().catch(() => {});
  });
  const headOf = (name: string, tag: string) =>
    fetch(`${bed.registry.url}/v2/${name}/manifests/${tag}`, {
      method: "HEAD",
      headers: { accept: "application/vnd.docker.distribution.manifest.v2+json" },
    });

  it("gives the engine what was published, under the digest that was promised", async () => {
    const { docker } = bed.engine;
    const published = await publishImage(bed.registry, { name: "team/app", tag: "1", version: "1" });

    await pullImage(docker, published.reference);

    expect(await docker.getImage(published.reference).inspect()).toMatchObject({
      Id: published.imageId,
      RepoDigests: [`${bed.registry.host}/team/app@${published.digest}`],
    });
    expect((await headOf("team/app", "1")).headers.get("docker-content-digest")).toBe(published.digest);
  });

  it("takes what the engine pushes", async () => {
    const reference = `${bed.registry.host}/pushed:1`;
    await loadImage(bed.engine.docker, reference, { version: "pushed" });

    await pushImage(bed.engine.docker, reference);

    expect((await headOf("pushed", "1")).status).toBe(200);
  });

  it("has the same digest for the same image and another one for another version", async () => {
    const publish = (version: string) => publishImage(bed.registry, { name: "app", tag: "latest", version });
    const [first, second, again] = [await publish("1"), await publish("2"), await publish("1")];

    expect(again.digest).toBe(first.digest);
    expect(second.digest).not.toBe(first.digest);
    expect((await headOf("app", "latest")).headers.get("docker-content-digest")).toBe(first.digest);
  });

  it("publishes indexes, of which the engine picks its platform", async () => {
    const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
    const published = await publishImage(bed.registry, { name: "multi", tag: "1", version: "multi", platforms });

    await pullImage(bed.engine.docker, published.reference);

    const image = await bed.engine.docker.getImage(published.reference).inspect();
    expect(image.RepoDigests).toEqual([`${bed.registry.host}/multi@${published.digest}`]);
  });

  it("forgets an image that was taken out", async () => {
    const { digest } = await publishImage(bed.registry, { name: "gone", tag: "1", version: "gone" });

    await unpublishImage(bed.registry, "gone", digest);

    expect((await headOf("gone", "1")).status).toBe(404);
  });

  it("counts requests and tells the engine's from others'", async () => {
    const { reference } = await publishImage(bed.registry, { name: "counted", tag: "1", version: "counted" });
    expect(bed.registry.requests()).toEqual([]);

    await headOf("counted", "1");
    expect(bed.registry.requests()).toMatchObject([
      { method: "HEAD", url: "/v2/counted/manifests/1", status: 200, from: "host" },
    ]);
    bed.registry.clearRequests();

    await pullImage(bed.engine.docker, reference);
    expect(new Set(bed.registry.requests().map(({ from }) => from))).toEqual(new Set(["engine"]));
  });

  it("fails, delays and hangs as told, until it is told to be well", async () => {
    await publishImage(bed.registry, { name: "app", tag: "1", version: "1" });

    bed.registry.failWith({ status: 429, headers: { "retry-after": "7" } });
    const refused = await headOf("app", "1");
    bed.registry.failWith({ status: 500 }, ({ url }) => url.includes("other"));
    const spared = await headOf("app", "1");
    bed.registry.delay(150);
    const started = performance.now();
    await headOf("app", "1");
    const tookMs = performance.now() - started;
    bed.registry.hang();
    const hanging = fetch(bed.registry.url, { signal: AbortSignal.timeout(200) });
    await expect(hanging).rejects.toThrow();
    bed.registry.ok();

    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(spared.status).toBe(200);
    expect(tookMs).toBeGreaterThan(140);
    expect((await headOf("app", "1")).status).toBe(200);
    expect(bed.registry.requests().map(({ status }) => status)).toEqual([429, 200, 200, null, 200]);
  });

  it("can be down for everybody, and come back on the same port", async () => {
    const { reference } = await publishImage(bed.registry, { name: "app", tag: "1", version: "1" });

    await bed.registry.stop();
    await expect(headOf("app", "1")).rejects.toThrow();
    await expect(pullImage(bed.engine.docker, reference)).rejects.toThrow();
    await bed.registry.start();

    expect((await headOf("app", "1")).status).toBe(200);
  });

  it.each(["basic", "token"] as const)("lets only those with credentials in (%s)", async (kind) => {
    const credentials = { username: "user", password: "secret" };
    await using closed = await openBed({ engine: { network: "none" }, registry: { access: { kind, ...credentials } } });
    const { docker } = closed.engine;
    const { reference } = await publishImage(closed.registry, { name: "app", tag: "1", version: "1" });

    await expect(pullImage(docker, reference)).rejects.toThrow();
    await pullImage(docker, reference, { ...credentials, serveraddress: closed.registry.host });

    expect((await docker.getImage(reference).inspect()).RepoTags).toEqual([reference]);
    expect(closed.registry.requests().some(({ status }) => status === 401)).toBe(true);
  });

  it("speaks TLS under an authority of its own", async () => {
    await using secure = await openBed({ registry: { tls: true } });
    const ca = await readFile(secure.registry.caFile ?? "", "utf8");

    const answer = await new Promise<string>((resolve, reject) => {
      const asked = get(`${secure.registry.url}/v2/`, { agent: new Agent({ ca }) }, (incoming) => {
        text(incoming).then(resolve, reject);
      });
      asked.on("error", reject);
    });

    expect(answer).toBe("{}");
    await expect(fetch(secure.registry.url)).rejects.toThrow();
  });
});

describe("the broker of a bed", () => {
  it("carries messages, retained ones, and requests with a response topic", async () => {
    await using bed = await openBed({ broker: true });
    await using sender = await bed.broker.connect();
    await sender.publish("state", "on", { retain: true });
    await using late = await bed.broker.connect();

    const state = await late.until((seen) => seen.retained("state"));
    await sender.publish("ask", "now", { responseTopic: "answer", correlationData: Buffer.from("7") });
    const asked = await late.until(({ messages }) => messages.find(({ topic }) => topic === "ask"));
    await sender.publish("state", "", { retain: true });
    await late.until((seen) => seen.retained("state") === undefined);

    expect(state).toBe("on");
    expect(asked).toMatchObject({ payload: "now", retain: false, responseTopic: "answer" });
    expect(asked.correlationData?.toString()).toBe("7");
    expect(late.topics()).toEqual([]);
    await expect(late.until(() => false, 50)).rejects.toThrow("not seen within 50 ms");
  });

  it("comes back on the same port without its memory", async () => {
    await using bed = await openBed({ broker: true });
    {
      await using sender = await bed.broker.connect();
      await sender.publish("state", "on", { retain: true });
    }

    await bed.broker.stop();
    await expect(bed.broker.connect()).rejects.toThrow();
    await bed.broker.start();
    await using client = await bed.broker.connect();
    await client.publish("after", "");
    await client.until(({ messages }) => messages.length > 0);

    expect(client.retained("state")).toBeUndefined();
  });

  it("lets only those with credentials in, where it has some", async () => {
    await using bed = await openBed({ broker: { credentials: { username: "user", password: "secret" } } });
    await using client = await bed.broker.connect();

    await client.publish("here", "");

    await expect(bed.broker.connect({ password: "wrong" })).rejects.toThrow();
  });
});

describe("images of a bed", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed({ engine: { network: "none" } });
  });
  afterAll(() => bed[Symbol.asyncDispose]());
  const until = (name: string, status: string) =>
    untilInspect(bed.engine.docker, name, ({ State }) => State.Status === status);
  const untilHealth = (name: string, health: string) =>
    untilInspect(bed.engine.docker, name, ({ State }) => State.Health?.Status === health);

  it("idle until SIGTERM, and end at once then", async () => {
    await loadImage(bed.engine.docker, "idle:1", { version: "1" });
    const container = await runContainer(bed.engine.docker, "idle", "idle:1");
    await untilLogged(container, "ready");

    const started = performance.now();
    await container.stop();

    expect(performance.now() - started).toBeLessThan(2_000);
    expect(await container.inspect()).toMatchObject({ State: { ExitCode: 0 } });
  });

  it("take no notice of SIGTERM, if wanted", async () => {
    await loadImage(bed.engine.docker, "stubborn:1", { version: "1", ...stubborn() });
    const container = await runContainer(bed.engine.docker, "stubborn", "stubborn:1");

    await container.stop({ t: 1 });

    expect(await container.inspect()).toMatchObject({ State: { ExitCode: 137 } });
  });

  it("crash, once or again and again", async () => {
    await loadImage(bed.engine.docker, "crash:1", { version: "1", ...crashing({ exitCode: 3 }) });
    const HostConfig = { RestartPolicy: { Name: "always" } };
    const once = await runContainer(bed.engine.docker, "once", "crash:1");
    const loop = await runContainer(bed.engine.docker, "loop", "crash:1", { HostConfig });

    await until("once", "exited");
    await untilInspect(bed.engine.docker, "loop", ({ RestartCount }) => RestartCount >= 2);

    expect(await once.inspect()).toMatchObject({ State: { ExitCode: 3 } });
    await loop.remove({ force: true });
  });

  it("lack the program that they are to run", async () => {
    await loadImage(bed.engine.docker, "broken:1", { version: "1", ...withoutBinary() });

    await expect(runContainer(bed.engine.docker, "broken", "broken:1")).rejects.toThrow();

    expect(await bed.engine.docker.getContainer("broken").inspect()).toMatchObject({ State: { Status: "created" } });
  });

  it("are healthy always, never or late", async () => {
    const cases = { always: withHealth("always"), never: withHealth("never"), late: withHealth({ afterSeconds: 1 }) };
    for (const [name, variant] of Object.entries(cases)) {
      await loadImage(bed.engine.docker, `health:${name}`, { version: name, ...variant });
      await runContainer(bed.engine.docker, name, `health:${name}`);
    }

    await Promise.all([untilHealth("always", "healthy"), untilHealth("never", "unhealthy")]);
    await untilHealth("late", "healthy");
  });

  it("bring every default that an image can bring", async () => {
    await loadImage(bed.engine.docker, "full:1", { version: "1", ...fullOfDefaults("1") });

    const container = await runContainer(bed.engine.docker, "full", "full:1");
    const { Config, Mounts, State } = await container.inspect();

    expect(State.Running).toBe(true);
    expect(Config).toMatchObject(fullOfDefaults("1").config);
    expect(Mounts).toMatchObject([{ Type: "volume", Destination: "/var/lib/app" }]);
  });
});

describe("waiting for a condition", () => {
  it("gives up after its time and says what for", async () => {
    await expect(eventually(() => false, "the moon", 30)).rejects.toThrow("the moon");
  });
});
