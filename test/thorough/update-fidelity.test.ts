import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ContainerInspect, ImageInspect } from "../../src/core/inspect.ts";
import { openEngine } from "../../src/docker/engine.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn, untilLogged } from "../bed/containers.ts";
import { idle } from "../bed/image.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { tarOf } from "../bed/tar.ts";
import { fullOfDefaults } from "../bed/variants.ts";
import { differencesBetween } from "../fidelity.ts";
import { type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  client = await bed.broker.connect();
  gangway = await startGangway(bed);
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

const signal = new AbortController().signal;

/** A container that uses about everything that a user can set, on top of an image that sets about everything too. */
async function createEverything(image: string): Promise<string> {
  const { docker } = bed.engine;
  const hostPath = join(bed.directory, "host-path");
  await mkdir(hostPath, { recursive: true });
  await writeFile(join(hostPath, "file"), "from the host");
  for (const [name, subnet] of [
    ["front", "10.77.1.0/24"],
    ["back", "10.77.2.0/24"],
  ] as const) {
    await docker.createNetwork({ Name: name, IPAM: { Driver: "default", Config: [{ Subnet: subnet }] } });
  }
  await docker.createVolume({ Name: "named" });
  const container = await docker.createContainer({
    name: "everything",
    Image: image,
    Entrypoint: [],
    Cmd: idle as string[],
    User: "0:0",
    Env: ["OWN=1", "FROM_IMAGE=overridden"],
    Labels: { own: "label" },
    Hostname: "everything-host",
    Volumes: { "/anonymous": {} },
    Healthcheck: { Test: ["CMD", "/bin/true"], Interval: 1_000_000_000, Retries: 4 },
    StopTimeout: 7,
    ExposedPorts: { "8080/tcp": {} },
    HostConfig: {
      NetworkMode: "front",
      Binds: ["named:/named", `${hostPath}:/bound:ro`],
      Tmpfs: { "/scratch": "rw,size=64k,noexec" },
      PortBindings: { "8080/tcp": [{ HostIp: "", HostPort: "18080" }] },
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 5 },
      Memory: 64 * 1024 * 1024,
      NanoCpus: 500_000_000,
      PidsLimit: 100,
      Ulimits: [{ Name: "nofile", Soft: 1000, Hard: 2000 }],
      CapAdd: ["NET_ADMIN"],
      CapDrop: ["CHOWN"],
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      ExtraHosts: ["somewhere:192.0.2.1"],
      Dns: ["192.0.2.53"],
      Init: true,
      ShmSize: 32 * 1024 * 1024,
      SecurityOpt: ["no-new-privileges"],
    },
    NetworkingConfig: {
      EndpointsConfig: { front: { IPAMConfig: { IPv4Address: "10.77.1.50" }, Aliases: ["api", "www"] } },
    },
  });
  await docker.getNetwork("back").connect({
    Container: container.id,
    EndpointConfig: { IPAMConfig: { IPv4Address: "10.77.2.60" }, Aliases: ["db-client"] },
  });
  await container.start();
  await run("sh", "-c", "echo named > /named/file; echo anonymous > /anonymous/file; echo image > /var/lib/app/file");
  return container.id;
}

const run = (...command: readonly string[]): Promise<string> => runIn(bed.engine.docker, "everything", ...command);

async function installed(name = "everything"): Promise<Readonly<Record<string, unknown>>> {
  client.clear();
  await client.publish(`gangway/bed/container/${name}/command/update`, "install");
  const { payload } = await client.until(
    ({ messages }) =>
      messages.find(({ topic, payload: text }) => topic === "gangway/bed/result" && text.includes('"update"')),
    40_000,
  );
  return JSON.parse(payload) as Readonly<Record<string, unknown>>;
}

it("an update changes nothing but what the new image changed, and neither does a second one", async () => {
  const engine = openEngine({ host: bed.engine.host });
  await engine.identify(signal);
  const publish = (version: string) =>
    publishImage(bed.registry, { name: "app", tag: "stable", version, ...fullOfDefaults(version) });
  const { reference } = await publish("1");
  await pullImage(bed.engine.docker, reference);
  await createEverything(reference);
  await client.until(({ retained }) => retained("gangway/bed/container/everything/state"));

  let before: ContainerInspect = await engine.inspect("everything", signal);
  let oldImage: ImageInspect = await engine.inspectImage(before.Image, signal);
  for (const version of ["2", "3"]) {
    await publish(version);
    expect(await installed()).toMatchObject({ state: "updated" });

    const after = await engine.inspect("everything", signal);
    const newImage = await engine.inspectImage(after.Image, signal);
    expect(newImage.Id).not.toBe(oldImage.Id);
    const containers = new Map([before, after].map(({ Id, Name }) => [Id, Name.slice(1)]));
    expect(differencesBetween({ before, after, oldImage: oldImage.Config, newImage, containers })).toEqual([]);
    expect(await run("cat", "/named/file", "/anonymous/file", "/var/lib/app/file", "/bound/file")).toBe(
      "named\nanonymous\nimage\nfrom the host",
    );
    expect(await run("sh", "-c", "echo $OWN $FROM_IMAGE $(cat /etc/version)")).toBe(`1 overridden ${version}`);
    before = after;
    oldImage = newImage;
  }
  const { Volumes } = await bed.engine.docker.listVolumes();
  expect(Volumes).toHaveLength(3);
});

const ofCompose = { Labels: { "com.docker.compose.project": "home", "com.docker.compose.service": "web" } };

it("an update of a container of compose keeps the files that compose put into it, and so does a second one", async () => {
  const { docker } = bed.engine;
  const publish = (version: string) => publishImage(bed.registry, { name: "composed", tag: "stable", version });
  const { reference } = await publish("1");
  await pullImage(docker, reference);
  const container = await docker.createContainer({
    name: "composed",
    Image: reference,
    Cmd: ["/bin/sh", "-c", 'echo own > /etc/own; exec "$@"', "sh", ...idle],
    ...ofCompose,
    HostConfig: { Binds: ["/anonymous"] },
  });
  const mtime = Math.round(Date.parse((await container.inspect()).Created) / 1_000);
  const members = [
    { path: "etc/deep/er/app.conf", content: "config\n", mode: 0o440, uid: 12, gid: 34, mtime },
    { path: "run/secrets/token", content: "s3cret\n", mode: 0o400, uid: 1_000, gid: 1_000, mtime: 0 },
    { path: "etc/version", content: "theirs\n", mode: 0o644, uid: 0, gid: 0, mtime },
    { path: "etc/older.conf", content: "copied\n", mode: 0o644, uid: 0, gid: 0, mtime: 1 },
  ];
  await container.putArchive(tarOf(members), { path: "/" });
  await container.start();
  await untilLogged(container, "ready");
  await client.until(({ retained }) => retained("gangway/bed/container/composed/state"));

  for (const version of ["2", "3"]) {
    const before = (await docker.getContainer("composed").inspect()).Id;
    await publish(version);
    expect(await installed("composed")).toMatchObject({ state: "updated" });

    expect((await docker.getContainer("composed").inspect()).Id).not.toBe(before);
    const script = "stat -c '%n %a %u:%g' $0 $1 $2 && cat $0 $1 $2; ls /etc /anonymous";
    const paths = ["/etc/deep/er/app.conf", "/run/secrets/token", "/etc/version"];
    expect((await runIn(docker, "composed", "sh", "-c", script, ...paths)).split(/\s*\n/)).toEqual([
      ...["/etc/deep/er/app.conf 440 12:34", "/run/secrets/token 400 1000:1000", "/etc/version 644 0:0"],
      ...["config", "s3cret", "theirs"],
      ...["/anonymous:", "/etc:", "deep", "hostname", "hosts", "mtab", "own", "resolv.conf", "version"],
    ]);
  }
});

it("an update that cannot carry such a file over fails before it touches anything", async () => {
  const { docker } = bed.engine;
  const publish = (version: string) => publishImage(bed.registry, { name: "laden", tag: "stable", version });
  const { reference } = await publish("1");
  await pullImage(docker, reference);
  const container = await runContainer(docker, "laden", reference, ofCompose);
  await container.putArchive(tarOf([{ path: "run/secrets/huge", content: Buffer.alloc(17 * 1_048_576) }]), {
    path: "/",
  });
  await client.until(({ retained }) => retained("gangway/bed/container/laden/state"));
  await publish("2");

  expect(await installed("laden")).toMatchObject({
    state: "failed",
    message: expect.stringContaining("/run/secrets/huge is too large"),
  });
  expect((await container.inspect()).State).toMatchObject({
    Running: true,
    FinishedAt: expect.stringMatching(/^0001/),
  });
  const names = (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names);
  expect(names.filter((name) => name.includes("laden"))).toEqual(["/laden"]);
});
