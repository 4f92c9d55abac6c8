import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerInspect, ImageInspect } from "../src/core/inspect.ts";
import { planRecreate, type RecreatePlan } from "../src/core/recreate.ts";
import { getExact } from "../src/docker/exact.ts";
import { negotiate } from "../src/docker/identity.ts";
import { containerInspect, imageInspect } from "../src/docker/schema.ts";
import { type Bed, openBed } from "./bed/bed.ts";
import type { EngineOptions } from "./bed/engine.ts";
import { idle } from "./bed/image.ts";
import { loadImage } from "./bed/images.ts";
import { controlGroupOf } from "./bed/traces.ts";
import { createdInModel, hostName, type Request } from "./engine-model.ts";
import { differencesBetween } from "./fidelity.ts";
import type { Place, RecreateCase } from "./recreate-case.ts";
import { recreateCases } from "./recreate-cases.ts";

/** Images whose every default differs; their containers run until SIGTERM. */
function configFor(version: number) {
  const seconds = 1_000_000_000;
  return {
    User: `100${version}:1000`,
    WorkingDir: `/srv/${version}`,
    StopSignal: version % 2 === 1 ? "SIGTERM" : "SIGINT",
    Env: ["PATH=/bin", `FROM_IMAGE=${version}`, `ONLY_${version}=x`],
    Labels: { "from-image": `${version}`, [`only-${version}`]: "x", "com.docker.compose.project": "built" },
    Entrypoint: ["/bin/env", `ENTRY=${version}`],
    Cmd: [...idle, `${version}`],
    Healthcheck: { Test: ["CMD", "/bin/true", `${version}`], Interval: (60 + version) * seconds, Retries: 3 + version },
    ExposedPorts: { "80/tcp": {}, [`900${version}/tcp`]: {} },
    Volumes: { "/var/lib/app": {}, [`/var/lib/app${version}`]: {} },
  };
}

interface Engine {
  readonly docker: Docker;
  readonly apiVersion: string;
  readonly signal: AbortSignal;
}

/**
 * Runs the cases on one kind of engine: created from one image, recreated from the next, and again from a third. Where
 * it is the engine of the model, the two are compared as well.
 */
export function describeRecreation(
  title: string,
  options: EngineOptions,
  { isModelled = false }: { readonly isModelled?: boolean } = {},
): void {
  describe(title, () => {
    let bed: Bed;
    let engine: Engine;
    let place: Place;

    beforeAll(async () => {
      bed = await openBed({ engine: { ...options, hostName } });
      engine = await clientFor(bed);
      place = { hostDirectory: join(bed.directory, "host"), controlGroup: controlGroupOf(bed.directory) };
      await mkdir(place.hostDirectory);
      await furnish(engine.docker);
    });
    afterAll(() => bed?.[Symbol.asyncDispose]());
    const passed: RecreateCase[] = [];
    afterAll(() => console.log(reportOf(title, passed)));

    const cases = recreateCases.map((subject, index) => ({ ...subject, index }));
    it.concurrent.each(cases)("keeps $flags, twice", async (subject) => {
      const asked = typeof subject.request === "function" ? subject.request(place) : subject.request;
      const request = { Image: "app:1", ...asked };
      await using containers = containersOf(engine.docker, `case${subject.index}`);
      const original = await make(engine, containers.name("1"), request, subject);
      const model = isModelled ? await modelOf(engine, original, request, subject) : original;
      const first = await recreate(engine, original, { ...subject, version: "2", name: containers.name("2") });
      const { forgotten: _, ...known } = subject;
      const next = {
        ...known,
        version: "3",
        name: containers.name("3"),
        createOnly: "the plan is what counts",
      } as const;
      const second = await recreate(engine, first.after, next);

      expect(modelled(original)).toEqual(modelled(model));
      expect(first.differences).toEqual([]);
      expect(second.differences).toEqual([]);
      // What nothing is known of is the user's; once something is, part of it may be the image's again.
      if (subject.forgotten !== true) expect(enduring(second.plan)).toEqual(enduring(first.plan));
      passed.push(subject);
    });
  });
}

/** How much the suite has proven: how many cases, and which of them without a start, with the reason. */
function reportOf(title: string, passed: readonly RecreateCase[]): string {
  const unstarted = passed.filter(({ createOnly }) => createOnly !== undefined);
  const lines = unstarted.map(({ flags, createOnly }) => `  not started: ${flags}: ${createOnly}`);
  const missing = recreateCases.length - passed.length;
  const counts = `${passed.length} of ${recreateCases.length} cases passed, ${passed.length - unstarted.length} with a start`;
  return [`${title}: ${counts}, ${missing} failed or skipped`, ...lines].join("\n");
}

async function clientFor(bed: Bed): Promise<Engine> {
  const { ApiVersion, MinAPIVersion } = await bed.engine.docker.version();
  const apiVersion = negotiate(ApiVersion, MinAPIVersion) ?? ApiVersion;
  const docker = new Docker({ socketPath: bed.engine.socketPath, version: `v${apiVersion}` });
  return { docker, apiVersion, signal: AbortSignal.timeout(600_000) };
}

/** Images, networks, and containers for the others to lean on. */
async function furnish(docker: Docker): Promise<void> {
  for (const version of [1, 2, 3]) {
    await loadImage(docker, `app:${version}`, { version: `${version}`, config: configFor(version) });
  }
  await loadImage(docker, "plain:1", { version: "plain" });
  const networks = { n1: ["10.77.0.0/24"], n2: ["10.78.0.0/24"], n3: ["10.79.0.0/24", "fd00:79::/64"] };
  for (const [name, subnets] of Object.entries(networks)) {
    const Config = subnets.map((Subnet) => ({ Subnet }));
    const wish = { Name: name, EnableIPv6: subnets.length > 1, IPAM: { Driver: "default", Config } };
    await docker.createNetwork(wish);
  }
  const par = await docker.createContainer({ name: "par", Image: "plain:1" });
  const sib = await docker.createContainer({
    name: "sib",
    Image: "plain:1",
    Volumes: { "/lent": {} },
    HostConfig: { Binds: ["shared:/shared"], IpcMode: "shareable" },
  });
  for (const container of [par, sib]) await container.start();
}

type Connections = Pick<RecreatePlan, "connect" | "disconnect" | "platform">;

/** Creates a container, connects it, starts it where that is possible, and shows it. */
async function make(
  { docker, apiVersion, signal }: Engine,
  name: string,
  body: Request,
  { connect = [], disconnect = [], platform, createOnly }: Partial<Connections> & Pick<RecreateCase, "createOnly">,
): Promise<ContainerInspect> {
  const platformText = platform && [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
  const query = { name, ...(platformText === undefined ? {} : { platform: platformText }) };
  const container = await docker.createContainer({ _query: query, _body: body } as object);
  for (const { network, endpoint } of connect) {
    await docker
      .getNetwork(network)
      .connect({ Container: container.id, EndpointConfig: endpoint } as object as Docker.NetworkConnectOptions);
  }
  for (const network of disconnect)
    await docker.getNetwork(network).disconnect({ Container: container.id, Force: true });
  if (createOnly === undefined) await container.start();
  return await inspect({ docker, apiVersion, signal }, container.id);
}

async function inspect({ docker, signal }: Engine, id: string): Promise<ContainerInspect> {
  return containerInspect.parse(await getExact(docker, `/containers/${id}/json`, signal));
}

async function inspectImage({ docker, signal }: Engine, id: string): Promise<ImageInspect> {
  return imageInspect.parse(await getExact(docker, `/images/${id}/json`, signal));
}

interface Target {
  readonly version: string;
  readonly name: string;
}

/** Replaces a container in the order of a real update: the new one is created while the old one runs. */
async function recreate(
  engine: Engine,
  before: ContainerInspect,
  { version, name, forgotten, createOnly }: Pick<RecreateCase, "createOnly" | "forgotten"> & Target,
) {
  const { docker, apiVersion } = engine;
  const [oldImage, newImage] = [await inspectImage(engine, before.Image), await inspectImage(engine, `app:${version}`)];
  const names = async () =>
    (await docker.listContainers({ all: true })).map(({ Id, Names }) => [Id, nameOf(Names)] as const);
  const plan = planRecreate({
    inspect: before,
    oldImage: forgotten === true ? undefined : oldImage,
    newImage,
    newReference: `app:${version}`,
    apiVersion,
    hostName,
    containers: new Map(await names()),
  });
  const next = await make(engine, name, plan.body, { ...plan, createOnly: "the old one runs still" });
  const old = docker.getContainer(before.Id);
  await old.stop({ t: 0 }).catch(() => {});
  if (createOnly === undefined) await docker.getContainer(next.Id).start();
  const after = await inspect(engine, next.Id);
  const differences = differencesBetween({
    before,
    after,
    oldImage: forgotten === true ? {} : oldImage.Config,
    newImage,
    containers: new Map(await names()),
  });
  return { plan, after, differences };
}

/** A linked container is listed under its links as well. */
function nameOf(names: readonly string[]): string {
  return (names.find((name) => name.lastIndexOf("/") === 0) ?? "").slice(1);
}

/** What the model makes of the request that the engine made `real` of. */
async function modelOf(
  engine: Engine,
  real: ContainerInspect,
  request: Request,
  { connect = [], disconnect = [] }: Partial<Connections>,
): Promise<ContainerInspect> {
  const { Config: image } = await inspectImage(engine, real.Image);
  const others = await Promise.all(["par", "sib"].map((name) => inspect(engine, name)));
  return createdInModel(request, { name: real.Name.slice(1), image, others, connect, disconnect });
}

/** What the model and the engine are to agree on: all but what the engine makes up. */
function modelled({ Id, Config, HostConfig, Mounts, NetworkSettings }: ContainerInspect): unknown {
  const isMadeUp = (name: string | undefined) => /^[0-9a-f]{64}$/.test(name ?? "");
  return {
    Config: { ...Config, Hostname: Config.Hostname?.replace(Id.slice(0, 12), "its id") },
    HostConfig,
    Mounts: Mounts.map(({ Type, Name, Destination, RW }) => ({
      Type,
      Name: isMadeUp(Name) ? "any" : Name,
      Destination,
      RW,
    })).sort((one, other) => (one.Destination < other.Destination ? -1 : 1)),
    Networks: Object.entries(NetworkSettings.Networks)
      .map(([name, { IPAMConfig, Links, Aliases, DriverOpts }]) => ({
        name,
        IPAMConfig,
        Links,
        Aliases: Aliases?.map((alias) => alias.replace(Id.slice(0, 12), "its id")),
        DriverOpts,
      }))
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

/** What must be the same in the plans of two updates in a row: all but what is about the images. */
function enduring({ body, connect, disconnect }: RecreatePlan): unknown {
  const { Image: _, Labels, HostConfig, ...rest } = body;
  const { "com.docker.compose.image": __, ...labels } = (Labels ?? {}) as Readonly<Record<string, string>>;
  const { Mounts, ...hostConfig } = HostConfig as { readonly Mounts?: readonly { readonly Target: string }[] | null };
  // The volume that the second image added is kept from then on.
  const mounts = (Mounts ?? []).filter(({ Target }) => Target !== "/var/lib/app2");
  return { ...rest, labels, hostConfig, mounts, connect, disconnect };
}

/** The containers of one case; disposing of them removes them, the last one first: it may be in another's namespace. */
function containersOf(docker: Docker, prefix: string): AsyncDisposable & { readonly name: (end: string) => string } {
  const names: string[] = [];
  return {
    name: (end) => {
      const name = `${prefix}-${end}`;
      names.push(name);
      return name;
    },
    [Symbol.asyncDispose]: async () => {
      for (const name of names.toReversed()) {
        await docker
          .getContainer(name)
          .remove({ force: true, v: true })
          .catch(() => {});
      }
    },
  };
}
