import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runIn } from "../bed/containers.ts";
import type { EngineOptions } from "../bed/engine.ts";
import type { ImageSpec } from "../bed/image.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { crashing, withHealth } from "../bed/variants.ts";
import { runToEnd } from "../container-runs.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";
import { importTools, toolsImage } from "../image-base.ts";

const engines: readonly (readonly [string, EngineOptions])[] = [
  ["this machine's engine", {}],
  ["Debian trixie's engine", { release: "trixie" }],
  [
    "Debian trixie's engine with containerd's image store",
    { release: "trixie", config: { features: { "containerd-snapshotter": true } } },
  ],
];

/** What compose says of a container that it did not have to touch is `Running`, `Waiting` and `Healthy`. */
const acts = /Creat|Recreat|Start|Stop|Remov/;

const file = (host: string): string => `
services:
  db:
    image: ${host}/db:stable
    labels: { role: database }
    volumes: ["data:/data"]
    healthcheck: { test: ["CMD", "test", "-e", "/etc/version"], interval: 1s, retries: 3 }
  web:
    image: ${host}/web:stable
    scale: 2
    restart: unless-stopped
    depends_on: { db: { condition: service_healthy } }
    volumes: ["/anonymous"]
    configs:
      - { source: site, target: /etc/deep/er/site.conf, mode: 0440 }
      - site
    secrets:
      - token
      - { source: token, target: /opt/token }
  vpn:
    image: ${host}/vpn:stable
    depends_on: [db]
    configs: [{ source: site, target: /etc/site.conf }]
  inside:
    image: ${host}/inside:stable
    network_mode: service:vpn
    secrets: [token]
configs: { site: { content: "name=home\\n" } }
secrets: { token: { environment: TOKEN } }
volumes: { data: {} }
`;

const services = ["db", "inside", "vpn", "web"] as const;
const names = ["home-db-1", "home-inside-1", "home-vpn-1", "home-web-1", "home-web-2"];

/** A project of compose on an engine of its own, Gangway beside it, and what a user would do with both. */
async function openProject(options: EngineOptions) {
  await using opening = new AsyncDisposableStack();
  const bed: Bed = opening.use(await openBed({ engine: options, registry: true, broker: true }));
  const { docker } = bed.engine;
  await importTools(docker);
  const directory = join(bed.directory, "home");
  await mkdir(directory);
  await writeFile(join(directory, "compose.yaml"), file(bed.registry.host));
  const publish = async (service: string, version: string, more: Partial<ImageSpec> = {}) =>
    await publishImage(bed.registry, { name: service, tag: "stable", version, ...more });
  for (const service of services) await pullImage(docker, (await publish(service, "1")).reference);
  const compose = composeIn(bed, directory);
  await compose("up", "--detach");
  const client: BedClient = opening.use(await bed.broker.connect());
  const dataDir = await dataDirectory(bed);
  const start = (): Promise<GangwayProcess> => startGangway(bed, { dataDir, config: configFor(bed) });
  const opened = opening.move();
  return { bed, docker, compose, publish, client, start, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Runs docker compose on the project and resolves to what it says. */
function composeIn(bed: Bed, directory: string): (...words: readonly string[]) => Promise<string> {
  return async (...words) => {
    const { code, output } = await runToEnd(bed.engine.docker, {
      Image: toolsImage,
      Cmd: ["docker-compose", "--progress", "plain", "--project-name", "home", ...words],
      WorkingDir: directory,
      Env: ["TOKEN=s3cret"],
      HostConfig: {
        NetworkMode: "none",
        Binds: [`${bed.engine.socketPath}:/var/run/docker.sock`, `${directory}:${directory}:ro`],
      },
    });
    if (code !== 0) throw new Error(`docker compose ${words.join(" ")} ended with ${code}:\n${output}`);
    return output;
  };
}

type Json = Readonly<Record<string, unknown>>;

describe.each(engines)("a project of compose on %s", (_, options) => {
  let project: Awaited<ReturnType<typeof openProject>>;
  let docker: Docker;
  let gangway: GangwayProcess;

  beforeAll(async () => {
    project = await openProject(options);
    ({ docker } = project);
    gangway = await project.start();
    for (const name of names) {
      await project.client.until(({ retained }) => retained(`gangway/bed/container/${name}/state`), 30_000);
    }
  });
  afterAll(async () => {
    await gangway?.[Symbol.asyncDispose]();
    await project?.[Symbol.asyncDispose]();
  });

  async function update(name: string): Promise<Json> {
    const { client } = project;
    client.clear();
    await client.publish(`gangway/bed/container/${name}/command/update`, "install");
    return await result(name);
  }

  async function result(name: string): Promise<Json> {
    const isIt = ({ topic, payload }: { readonly topic: string; readonly payload: string }) =>
      topic === "gangway/bed/result" && payload.includes(`"${name}"`) && payload.includes('"command":"update"');
    const { payload } = await project.client.until(({ messages }) => messages.find(isIt), 90_000);
    return JSON.parse(payload) as Json;
  }

  /** The project's containers by name, stopped ones too: what `docker ps -a --filter label=…` lists. */
  async function ids(): Promise<Readonly<Record<string, string>>> {
    const list = await docker.listContainers({ all: true, filters: { label: ["com.docker.compose.project=home"] } });
    return Object.fromEntries(list.map(({ Names, Id }) => [Names[0]?.slice(1) ?? "", Id]));
  }

  const versionOf = (name: string): Promise<string> => runIn(docker, name, "cat", "/etc/version");

  /** What compose put into the containers: content, mode and owner. */
  async function files(): Promise<readonly string[]> {
    const script = 'for file; do stat -c "%n %a %u:%g" $file; cat $file; echo; done';
    const look = (name: string, ...paths: readonly string[]): Promise<string> =>
      runIn(docker, name, "sh", "-c", script, "sh", ...paths);
    const inWeb = ["/etc/deep/er/site.conf", "/site", "/run/secrets/token", "/opt/token"];
    return await Promise.all([
      look("home-web-1", ...inWeb),
      look("home-web-2", ...inWeb),
      look("home-vpn-1", "/etc/site.conf"),
      look("home-inside-1", "/run/secrets/token"),
    ]);
  }

  async function shown(): Promise<readonly string[]> {
    const output = await project.compose("ps", "--format", "{{.Name}} {{.State}}");
    return output
      .split(/\s*\n/)
      .filter((line) => line.startsWith("home-"))
      .sort();
  }

  it("is left alone by the next `up` after updates, twice in a row, and has its configs and secrets", async () => {
    const original = await files();
    expect(original[0]).toContain("name=home");
    expect(original[0]).toContain("s3cret");
    await runIn(docker, "home-web-1", "sh", "-c", "echo kept > /anonymous/file");

    for (const version of ["2", "3"]) {
      await project.publish("web", version);
      const before = await ids();
      for (const name of ["home-web-1", "home-web-2"]) {
        expect(await update(name)).toMatchObject({ state: "updated" });
      }
      const after = await ids();
      expect(Object.keys(after).sort()).toEqual(names);
      expect(after["home-web-1"]).not.toBe(before["home-web-1"]);

      expect(await project.compose("up", "--detach")).not.toMatch(acts);

      expect(await ids()).toEqual(after);
      expect(await shown()).toEqual(names.map((name) => `${name} running`));
      expect([await versionOf("home-web-1"), await versionOf("home-web-2")]).toEqual([version, version]);
      expect(await files()).toEqual(original);
      expect(await runIn(docker, "home-web-1", "cat", "/anonymous/file")).toBe("kept");
    }
  });

  it("has a service in another's network updated with it; `up` recreates that one at most once more", async () => {
    const original = await files();
    await project.publish("vpn", "2");
    expect(await update("home-vpn-1")).toMatchObject({ state: "updated" });
    const after = await ids();
    expect(Object.keys(after).sort()).toEqual(names);

    const { "home-inside-1": inside, ...others } = after;
    await project.compose("up", "--detach");
    const first = await ids();
    expect(first).toMatchObject(others);
    expect(Object.keys(first).sort()).toEqual(names);

    expect(await project.compose("up", "--detach")).not.toMatch(acts);
    expect(await ids()).toEqual(first);
    expect(await versionOf("home-vpn-1")).toBe("2");
    expect(await files()).toEqual(original);
    expect(inside).toBeDefined();
  });

  it("has no container too many after an update that was rolled back", async () => {
    const before = await ids();
    await project.publish("db", "2", crashing());

    expect(await update("home-db-1")).toMatchObject({ state: "rolled_back" });

    expect(await ids()).toEqual(before);
    expect(await versionOf("home-db-1")).toBe("1");
    // The tag names the image again that works.
    expect(await project.compose("up", "--detach")).not.toMatch(acts);
    expect(await ids()).toEqual(before);
  });

  it("has no container too many after a crash in the middle of an update", async () => {
    const { client, publish } = project;
    await publish("web", "4", withHealth({ afterSeconds: 4 }, { startPeriodSeconds: 20 }));
    const original = await files();
    client.clear();
    await client.publish("gangway/bed/container/home-web-1/command/update", "install");
    const state = "gangway/bed/container/home-web-1/state";
    await client.until(({ messages }) => {
      return messages.find(({ topic, payload }) => topic === state && payload.includes('"verifying"'));
    }, 60_000);
    await gangway.kill();
    expect(Object.keys(await ids())).toHaveLength(names.length + 1);

    client.clear();
    gangway = await project.start();

    expect(await result("home-web-1")).toMatchObject({ state: "updated" });
    expect(await update("home-web-2")).toMatchObject({ state: "updated" });
    const after = await ids();
    expect(Object.keys(after).sort()).toEqual(names);
    expect(await files()).toEqual(original);
    expect(await project.compose("up", "--detach")).not.toMatch(acts);
    expect(await ids()).toEqual(after);
  });
});
