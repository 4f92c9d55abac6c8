import { chmod, chown, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, untilInspect } from "../bed/containers.ts";
import { openEngineProxy } from "../bed/engine-proxy.ts";
import { type BedClient, connectClient } from "../bed/mqtt-client.ts";
import { credentialsOf, runInside, runToEnd } from "../container-runs.ts";
import { baseImage, importImages, toolsImage } from "../image-base.ts";
import { openWayOut } from "../way-out.ts";

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

const project = "home";
const own = `${project}-gangway-1`;
const image = "gangway:latest";
const repository = join(import.meta.dirname, "..", "..");
const mqttPort = 18_830;

const opened = new AsyncDisposableStack();
let bed: Bed;
let docker: Docker;
let client: BedClient;
let socketGroup: number;

beforeAll(async () => {
  bed = opened.use(await openBed({ engine: true }));
  ({ docker } = bed.engine);
  socketGroup = (await stat(bed.engine.socketPath)).gid;
  await writeFile(join(bed.directory, "override.yml"), JSON.stringify(override()));
  await importImages(docker);
  await using wayOut = await openWayOut(bed.engine.address());
  await compose(["build", "--build-arg", `BASE=${baseImage}`, "--build-arg", `HTTPS_PROXY=${wayOut.url}`, "gangway"]);
  await compose(["up", "--detach", "--no-build", "--pull", "never"]);
  client = opened.use(await connectClient(`mqtt://${bed.engine.address()}:${mqttPort}`));
});
afterAll(() => opened.disposeAsync());
afterEach(async () => {
  for (const { Id } of await docker.listContainers({ all: true, filters: { label: ["of-one-test"] } })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
});

/** What a bed has in other places than the machine of a user; and an answer of the health check that comes soon. */
function override(): unknown {
  return {
    services: {
      gangway: { volumes: [`${bed.engine.socketPath}:/var/run/docker.sock`], healthcheck: { interval: "500ms" } },
      mosquitto: { ports: [`${mqttPort}:1883`] },
    },
  };
}

/** Runs docker compose on the repository's file. The builder is the engine's own: BuildKit's client is not in Debian. */
async function compose(words: readonly string[]): Promise<void> {
  const files = ["docker-compose.yml", "/bed/override.yml"].flatMap((file) => ["--file", file]);
  const { code, output } = await runToEnd(docker, {
    Image: toolsImage,
    Cmd: ["docker-compose", "--project-name", project, ...files, ...words],
    WorkingDir: "/repository",
    Env: ["DOCKER_BUILDKIT=0"],
    HostConfig: {
      Binds: [
        `${bed.engine.socketPath}:/var/run/docker.sock`,
        `${repository}:/repository:ro`,
        `${bed.directory}/override.yml:/bed/override.yml:ro`,
      ],
    },
  });
  if (code !== 0) throw new Error(`docker compose ${words.join(" ")} ended with ${code}:\n${output}`);
}

/** What a shell in the image says to `script`; as root, with the volume `data`. */
async function shell(script: string, data: string): Promise<string> {
  const Entrypoint = ["sh", "-c", script];
  const { code, output } = await runToEnd(docker, {
    Image: image,
    Entrypoint,
    HostConfig: { Binds: [`${data}:/data`] },
  });
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${output}`);
  return output.trim();
}

interface Wishes {
  readonly user?: string;
  readonly binds?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** `docker run` of the image, as the node `name`; with the broker in reach, the engine's socket only if `binds` has it. */
function optionsFor(name: string, { user = "", binds = [], environment = {} }: Wishes) {
  const variables = { GANGWAY_NODE: name, GANGWAY_MQTT__URL: "mqtt://mosquitto:1883", ...environment };
  return {
    User: user,
    Env: Object.entries(variables).map(([key, value]) => `${key}=${value}`),
    Labels: { "of-one-test": "" },
    HostConfig: { NetworkMode: `${project}_default`, Binds: [...binds] },
  } satisfies Docker.ContainerCreateOptions;
}

/** Resolves when it has told the broker that it has found the engine. */
async function started(name: string, wishes: Wishes): Promise<Docker.Container> {
  const container = await runContainer(docker, name, image, optionsFor(name, wishes));
  await client.until(({ retained }) => retained(`gangway/${name}/engine`) === "online");
  return container;
}

const socket = () => `${bed.engine.socketPath}:/var/run/docker.sock`;

const none = "0000000000000000";
const withoutPrivileges = { CapPrm: none, CapEff: none, CapInh: none, CapBnd: none, CapAmb: none, NoNewPrivs: "1" };
const notOf = (user: number) => ["find", "/data", "!", "-user", String(user)];

describe("the image", () => {
  it("holds Gangway in a few files, with the licenses of all that is in them, and nothing that it does not need", async () => {
    const files = (await shell("find /app /build -type f; true", "unused")).split("\r\n");
    const { dependencies } = Manifest.parse(JSON.parse(await readFile(join(repository, "package.json"), "utf8")));
    const licenses = await shell("cat /app/dist/third-party-licenses.txt", "unused");
    const apart = files.filter((path) => path.startsWith("/app/node_modules/"));
    const isThere = ([name, version]: readonly [string, string]) =>
      licenses.includes(`${name} ${version} (`) || apart.includes(`/app/node_modules/${name}/package.json`);

    expect(Object.entries(dependencies).filter((entry) => !isThere(entry))).toEqual([]);
    expect(apart.filter((path) => !path.startsWith("/app/node_modules/re2js/"))).toEqual([]);
    expect(files.length - apart.length).toBeLessThan(60);
    expect(files.filter((path) => /\.[cm]?ts$|\.map$|^\/app\/dist\/.*\.test\.|^\/build/.test(path))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["/app/dist/main.js", "/app/LICENSE"]));
  });

  it("adds less than 40 MB to its base", async ({ annotate }) => {
    const sizeOf = async (name: string) => (await docker.getImage(name).inspect()).Size;
    const added = ((await sizeOf(image)) - (await sizeOf(baseImage))) / 1e6;
    await annotate(`${added.toFixed(1)} MB`);

    expect(added).toBeLessThan(40);
  });

  it("knows its version without anything mounted", async () => {
    const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));

    expect(await runToEnd(docker, { Image: image, Cmd: ["--version"] })).toEqual({
      code: 0,
      output: `gangway ${version}\r\n`,
    });
  });
});

describe("docker compose up", () => {
  it("publishes the engine's containers, its own among them", async () => {
    for (const name of [own, `${project}-mosquitto-1`]) {
      const state = await client.until(({ retained }) => retained(`gangway/bed/container/${name}/state`));

      expect(JSON.parse(state)).toMatchObject({ running: true });
    }
  });

  it("runs as an ordinary user with the socket's group and no privileges", async () => {
    const groups = [...new Set([990, socketGroup])].sort((a, b) => a - b).join(" ");

    expect(await credentialsOf(docker, own)).toMatchObject({
      Uid: "990 990 990 990",
      Gid: "990 990 990 990",
      Groups: groups,
      ...withoutPrivileges,
    });
    expect(await runInside(docker, own, notOf(990))).toBe("");
  });

  it("is healthy, and unhealthy when Gangway does not answer", async () => {
    await untilInspect(docker, own, ({ State }) => State.Health?.Status === "healthy");

    const script = "GANGWAY_HTTP__LISTEN=127.0.0.1:5001 gangway healthcheck || echo this makes it unhealthy";
    expect(await runInside(docker, own, ["sh", "-c", script])).toMatch(/does not answer[\s\S]*unhealthy/);
  });

  it("says that it is offline when it is stopped, ends with 0, and starts again on its data", async () => {
    const container = docker.getContainer(own);
    const startedAt = performance.now();
    await container.stop();

    expect((await container.inspect()).State.ExitCode).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(client.retained("gangway/bed/status")).toBe("offline");

    await container.start();
    await client.until(({ retained }) => retained("gangway/bed/status") === "online");
  });
});

describe("docker run", () => {
  it("with the socket and a data volume takes what root has written there, and runs without privileges", async () => {
    await shell(
      "mkdir /data/journal && echo '{\"engines\":{}}' > /data/known.json && chown -R 0:0 /data && chmod -R go= /data",
      "plain",
    );
    await started("plain", { binds: [socket(), "plain:/data"] });

    expect(await credentialsOf(docker, "plain")).toMatchObject({ Uid: "990 990 990 990", ...withoutPrivileges });
    expect(await runInside(docker, "plain", notOf(990))).toBe("");
  });

  it("starts though something in its data is read-only", async () => {
    const file = join(bed.directory, "override.yml");
    await started("partial", { binds: [socket(), "partial:/data", `${file}:/data/notes/today:ro`] });

    expect(await runInside(docker, "partial", notOf(990))).toBe("/data/notes/today");
  });

  it("uses a socket of root's group, as engines without root have it, wherever it is mounted", async () => {
    await using proxy = await openEngineProxy(bed.engine.socketPath);
    await chmod(proxy.socketPath, 0o660);
    const engines = [{ node: "rootless", host: "unix:///run/user/1000/engine.sock" }];

    await started("rootless", {
      binds: [`${proxy.socketPath}:/run/user/1000/engine.sock`],
      environment: { GANGWAY_ENGINES: JSON.stringify(engines) },
    });

    expect((await credentialsOf(docker, "rootless"))["Groups"]?.split(" ")).toContain("0");
    await docker.getContainer("rootless").stop();
  });

  it("--user goes on as that user", async () => {
    // Not a volume: as long as one is empty, Docker gives it the owner that the image's directory has.
    const data = join(bed.directory, "data-of-other");
    await mkdir(data);
    await chown(data, 1234, 1234);
    await started("other", { user: `1234:${socketGroup}`, binds: [socket(), `${data}:/data`] });

    expect(await credentialsOf(docker, "other")).toMatchObject({
      Uid: "1234 1234 1234 1234",
      Gid: Array(4).fill(socketGroup).join(" "),
    });
    expect(await runInside(docker, "other", notOf(1234))).toBe("");
  });

  it("--user says what that user lacks: the socket's group, and a directory to write", async () => {
    const { code, output } = await runToEnd(docker, {
      Image: image,
      ...optionsFor("lacking", { user: "1234:1234", binds: [socket(), "lacking:/data"] }),
    });

    expect(code).toBe(1);
    expect(output).toContain(`--group-add ${socketGroup}`);
    expect(output).toContain("The data directory /data cannot be made or written by this user");
  });

  it("says so where Docker has made a directory for want of a socket", async () => {
    const container = await runContainer(docker, "mistaken", image, {
      ...optionsFor("mistaken", { binds: [`${bed.directory}/no.sock:/var/run/docker.sock`] }),
    });
    await client.until(({ retained }) => retained("gangway/mistaken/engine") === "offline");

    expect((await container.logs({ stderr: true })).toString("utf8")).toContain("/var/run/docker.sock is a directory");
  });
});
