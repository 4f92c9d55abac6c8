import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, untilInspect, untilLogged } from "../bed/containers.ts";
import { pushImage } from "../bed/images.ts";
import { type BedClient, connectClient } from "../bed/mqtt-client.ts";
import { eventually } from "../bed/wait.ts";
import { runInside } from "../container-runs.ts";
import { baseImage, importImages } from "../image-base.ts";
import { openWayOut } from "../way-out.ts";

const repository = join(import.meta.dirname, "..", "..");
const network = "home";
const mqttPort = 18_831;
const slowMs = 240_000;
const own = "gangway";

const opened = new AsyncDisposableStack();
let bed: Bed;
let docker: Docker;
let client: BedClient;

beforeAll(async () => {
  bed = opened.use(await openBed({ engine: true, registry: true }));
  ({ docker } = bed.engine);
  await importImages(docker);
  await buildImage();
  await docker.createNetwork({ Name: network });
  const broker = await runContainer(docker, "mosquitto", "eclipse-mosquitto:2", {
    Cmd: ["mosquitto", "-c", "/mosquitto-no-auth.conf"],
    ExposedPorts: { "1883/tcp": {} },
    HostConfig: {
      NetworkMode: network,
      PortBindings: { "1883/tcp": [{ HostPort: String(mqttPort) }] },
      RestartPolicy: { Name: "always" },
    },
  });
  await untilLogged(broker, "running", slowMs);
  await connect();
});
afterAll(() => opened.disposeAsync());
afterEach(async () => {
  for (const { Id, Names } of await docker.listContainers({ all: true })) {
    if (!Names.includes("/mosquitto"))
      await docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {});
  }
});

async function connect(): Promise<void> {
  client = opened.use(await connectClient(`mqtt://${bed.engine.address()}:${mqttPort}`));
}

/** The image of the repository, `gangway:1`. */
async function buildImage(): Promise<void> {
  await using wayOut = await openWayOut(bed.engine.address());
  const files = [
    ...["Dockerfile", "package.json", "package-lock.json", ".npmrc", "tsconfig.json", "tsconfig.build.json"],
    ...["src", "scripts/bundle.ts", "docker", "config.example.yaml", "LICENSE"],
  ];
  const context = spawn("tar", ["--create", "--directory", repository, ...files], {
    stdio: ["ignore", "pipe", "inherit"],
  }).stdout;
  const buildargs = { BASE: baseImage, HTTPS_PROXY: wayOut.url };
  const said = await text(await docker.buildImage(context, { t: "gangway:1", buildargs }));
  if (said.includes("errorDetail")) throw new Error(`the image could not be built: ${said.slice(-2_000)}`);
}

/** Makes an image of another and a few lines of a Dockerfile. Resolves to its id. */
async function changed(from: string, changes: string): Promise<string> {
  const container = await docker.createContainer({ Image: from });
  const image = (await container.commit({ changes })) as { readonly Id: string };
  await container.remove();
  return image.Id;
}

/** Publishes `next` where `reference` is pulled from; the engine itself goes on knowing `current` by that name. */
async function publish(reference: string, current: string, next: string): Promise<void> {
  const [repo, tag] = [reference.slice(0, reference.lastIndexOf(":")), reference.slice(reference.lastIndexOf(":") + 1)];
  await docker.getImage(next).tag({ repo, tag });
  await pushImage(docker, reference);
  await docker.getImage(current).tag({ repo, tag });
}

const reference = (name: string) => `${bed.registry.host}/${name}:stable`;
const socketBind = () => `${bed.engine.socketPath}:/var/run/docker.sock`;

interface Wishes {
  readonly node: string;
  readonly binds: readonly string[];
  readonly environment?: readonly string[];
}

/** Starts Gangway's image under the name and tag that updates come from; resolves when it knows its containers. */
async function startGangway(
  next: string,
  { node, binds, environment = [] }: Wishes,
): Promise<Docker.ContainerInspectInfo> {
  await publish(reference(own), "gangway:1", next);
  const container = await runContainer(docker, own, reference(own), {
    Env: [
      `GANGWAY_NODE=${node}`,
      "GANGWAY_MQTT__URL=mqtt://mosquitto:1883",
      "GANGWAY_CHECK__ON_START=false",
      ...environment,
    ],
    Healthcheck: {
      Test: ["CMD", "gangway", "healthcheck"],
      Interval: 1e9,
      StartPeriod: 60e9,
      Timeout: 30e9,
      Retries: 3,
    },
    HostConfig: { NetworkMode: network, Binds: [...binds, `${node}:/data`], RestartPolicy: { Name: "unless-stopped" } },
  });
  await client.until(({ retained }) => retained(`gangway/${node}/container/${own}/state`), slowMs);
  await runInside(docker, own, ["touch", "/data/mark"]);
  return await container.inspect();
}

type Result = Readonly<Record<string, unknown>>;

async function update(node: string, container: string): Promise<void> {
  client.clear();
  await client.publish(`gangway/${node}/container/${container}/command/update`, "");
}

function resultOf(node: string, state?: string): Promise<Result> {
  return client.until(({ messages }) => {
    const results = messages
      .filter(({ topic }) => topic === `gangway/${node}/result`)
      .map(({ payload }) => JSON.parse(payload) as Result);
    return results.find((result) => state === undefined || result["state"] === state);
  }, slowMs);
}

/** The names of all containers but the broker. */
async function names(): Promise<readonly string[]> {
  const list = await docker.listContainers({ all: true });
  return list
    .flatMap(({ Names }) => Names)
    .filter((name) => name !== "/mosquitto")
    .sort();
}

/** Resolves with the id of the first container that `isWanted` and for which the engine tells `action`. */
async function untilEvent(action: string, isWanted: (name: string, id: string) => boolean): Promise<string> {
  const events = await docker.getEvents({
    filters: { type: ["container"], event: [action] },
    abortSignal: AbortSignal.timeout(slowMs),
  });
  for await (const line of events) {
    const { Actor } = JSON.parse(String(line)) as { Actor: { ID: string; Attributes: { name: string } } };
    if (isWanted(Actor.Attributes.name, Actor.ID)) return Actor.ID;
  }
  throw new Error(`no container told of ${action}`);
}

const isHelper = (name: string): boolean => name.includes(".gw-helper-");
const secondVersion = () => changed("gangway:1", "LABEL of-version=2");

/** What must be true after every update that went well. */
async function expectUpdated(node: string, old: Docker.ContainerInspectInfo, next: string): Promise<void> {
  expect(await names()).toEqual([`/${own}`]);
  const now = await docker.getContainer(own).inspect();
  expect(now).toMatchObject({ Image: next, State: { Running: true } });
  expect(now.Id).not.toBe(old.Id);
  expect(now.HostConfig.RestartPolicy).toMatchObject({ Name: "unless-stopped" });
  // Nothing of it is left in the journal, but for what a helper was killed in the middle of writing.
  expect(await runInside(docker, own, ["find", "/data/journal", "-name", "*.json"])).toBe("");
  expect(await runInside(docker, own, ["find", "/data/mark"])).toBe("/data/mark");
  expect(client.retained(`gangway/${node}/status`)).toBe("online");
}

describe("Gangway in a container", () => {
  it("backs itself up and updates itself, and tells the result from the new one", async () => {
    const next = await secondVersion();
    const environment = ["GANGWAY_UPDATE__BACKUP_FIRST=true"];
    const old = await startGangway(next, { node: "good", binds: [socketBind()], environment });
    await update("good", own);

    const result = await resultOf("good");
    expect(result).toMatchObject({ command: "update", container: own, ok: true, state: "updated" });
    expect(await runInside(docker, own, ["ls", "/data/backups"])).toBe(result["backup"]);
    await expectUpdated("good", old, next);
  });

  it("is back as the very same container where the new image does not work", async () => {
    const bad = await changed("gangway:1", 'CMD ["--no-such-option"]');
    const old = await startGangway(bad, { node: "bad", binds: [socketBind()] });
    await update("bad", own);

    expect(await resultOf("bad")).toMatchObject({ container: own, ok: false, state: "rolled_back" });
    expect(await names()).toEqual([`/${own}`]);
    const now = await docker.getContainer(own).inspect();
    expect(now).toMatchObject({ Id: old.Id, State: { Running: true } });
    expect(now.HostConfig.RestartPolicy).toMatchObject({ Name: "unless-stopped" });
    expect(client.retained("gangway/bad/status")).toBe("online");
  });

  it("goes on as it was where the helper is killed before it has begun", async () => {
    const old = await startGangway(await secondVersion(), { node: "early", binds: [socketBind()] });
    const helper = untilEvent("start", isHelper);
    await update("early", own);
    await docker.getContainer(await helper).kill();

    await resultOf("early", "failed");
    await untilInspect(docker, own, ({ Id, State }) => Id === old.Id && State.Running, slowMs);
    await client.until(
      ({ messages }) => messages.some(({ payload }) => payload.includes("Nothing was changed")),
      slowMs,
    );
    expect(await names()).toEqual([`/${own}`]);
  });

  it("finishes as the new one where the helper is killed while it watches over that", async () => {
    const next = await secondVersion();
    const old = await startGangway(next, { node: "late", binds: [socketBind()] });
    const helper = untilEvent("start", isHelper);
    const successor = untilEvent("start", (name, id) => name === own && id !== old.Id);
    await update("late", own);
    const id = await helper;
    await successor;
    await docker.getContainer(id).kill();

    expect(await resultOf("late")).toMatchObject({ container: own, ok: true, state: "updated" });
    await expectUpdated("late", old, next);
  });

  it("is there again after a power cut in the middle, the old one or the new one, and tells which", async () => {
    const next = await secondVersion();
    const old = await startGangway(next, { node: "cut", binds: [socketBind()] });
    const stopped = untilEvent("die", (_, id) => id === old.Id);
    await update("cut", own);
    await stopped;
    await bed.engine.kill();
    await bed.engine.start();
    await untilInspect(docker, "mosquitto", ({ State }) => State.Running, slowMs);
    const isConnected = () =>
      connect().then(
        () => true,
        () => false,
      );
    await eventually(isConnected, "the broker", slowMs);

    const state = await client.until(({ retained }) => {
      const text = retained(`gangway/cut/container/${own}/state`) ?? "{}";
      const { last_result: last } = JSON.parse(text) as Result;
      return last !== "none" && last;
    }, slowMs);
    const now = await docker.getContainer(own).inspect();
    expect(now.State.Running).toBe(true);
    expect(state).toBe(now.Id === old.Id ? "rolled_back" : "updated");
    expect(await names()).toEqual([`/${own}`]);
    expect(now.HostConfig.RestartPolicy).toMatchObject({ Name: "unless-stopped" });
    await client.until(({ retained }) => retained("gangway/cut/status") === "online", slowMs);
  });
});

describe("the socket proxy that Gangway talks through", () => {
  const script = (socket: string) =>
    `require("net").createServer(c=>{const s=require("net").connect("${socket}");c.on("error",()=>s.destroy());s.on("error",()=>c.destroy());c.pipe(s).pipe(c)}).listen(2375)`;

  async function startProxy(bind: string, socket: string): Promise<Docker.ContainerInspectInfo> {
    const command = `ENTRYPOINT ["node","-e",${JSON.stringify(script(socket))}]`;
    const [one, two] = [await changed(baseImage, command), await changed(baseImage, `${command}\nLABEL of-version=2`)];
    await publish(reference("proxy"), one, two);
    const container = await runContainer(docker, "proxy", reference("proxy"), {
      HostConfig: { NetworkMode: network, Binds: [bind], RestartPolicy: { Name: "always" } },
    });
    return await container.inspect();
  }

  const throughProxy = (node: string): Wishes => ({ node, binds: [], environment: ["DOCKER_HOST=tcp://proxy:2375"] });

  it("is updated while Gangway goes on", async () => {
    const before = await startProxy(socketBind(), "/var/run/docker.sock");
    const gangway = await startGangway(await secondVersion(), throughProxy("proxied"));
    await update("proxied", "proxy");

    expect(await resultOf("proxied")).toMatchObject({ container: "proxy", ok: true, state: "updated" });
    expect(await names()).toEqual([`/${own}`, "/proxy"]);
    const now = await docker.getContainer("proxy").inspect();
    expect(now.Id).not.toBe(before.Id);
    expect(now.Config.Labels).toMatchObject({ "of-version": "2" });
    expect((await docker.getContainer(own).inspect()).State.StartedAt).toBe(gangway.State.StartedAt);
    await client.until(({ retained }) => retained("gangway/proxied/engine") === "online", slowMs);
  });

  it("lets Gangway update itself, too", async () => {
    await startProxy(socketBind(), "/var/run/docker.sock");
    const next = await secondVersion();
    await startGangway(next, throughProxy("through"));
    await update("through", own);

    expect(await resultOf("through")).toMatchObject({ container: own, ok: true, state: "updated" });
    expect(await names()).toEqual([`/${own}`, "/proxy"]);
    expect((await docker.getContainer(own).inspect()).Image).toBe(next);
  });

  it("is left alone where it has no socket that a helper could use", async () => {
    const { socketPath } = bed.engine;
    const before = await startProxy(`${dirname(socketPath)}:/engine`, `/engine/${socketPath.split("/").at(-1) ?? ""}`);
    await startGangway(await secondVersion(), throughProxy("refused"));
    await update("refused", "proxy");

    expect(await resultOf("refused")).toMatchObject({
      state: "rejected",
      message: expect.stringContaining("has no socket mounted that a helper container could use"),
    });
    expect((await docker.getContainer("proxy").inspect()).State.StartedAt).toBe(before.State.StartedAt);
  });
});
