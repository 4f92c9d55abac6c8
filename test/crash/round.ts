import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import type { Bed } from "../bed/bed.ts";
import { type EngineProxy, openEngineProxy } from "../bed/engine-proxy.ts";
import type { ImageSpec } from "../bed/image.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { tarOf } from "../bed/tar.ts";
import { crashing, withHealth, withoutBinary } from "../bed/variants.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";
import type { Behaviour, Subject } from "./calls.ts";
import type { Policy } from "./cases.ts";

/** A container before the update. */
export interface Original {
  readonly name: string;
  readonly id: string;
  /** What stands in `/data/mark`, on an anonymous volume. */
  readonly mark: string;
  readonly isRunning: boolean;
  readonly isPaused: boolean;
}

/** The containers of one case with a Gangway of their own, which reaches the engine through a proxy of its own. */
export interface Round extends AsyncDisposable {
  readonly node: string;
  /** The container to be updated first. */
  readonly originals: readonly [Original, ...Original[]];
  readonly docker: Docker;
  readonly dataDir: string;
  readonly proxy: EngineProxy;
  readonly client: BedClient;
  /** The files in the journal. */
  readonly journal: () => readonly string[];
  /** How far the replacements in it have come. */
  readonly steps: () => readonly string[];
  readonly start: () => Promise<GangwayProcess>;
}

export interface Lab {
  readonly bed: Bed;
  /** Pulled already: what every container of every round runs at first. */
  readonly base: string;
  /** What is run as Gangway; `src/main.ts`, if absent. */
  readonly entry?: string;
}

/** What is to be replaced, and by what. */
export interface Replacement {
  readonly subject: Subject;
  readonly behaviour: Behaviour;
  readonly policy: Policy;
}

export interface RoundOptions {
  /** More wishes for the container that is updated. */
  readonly container?: Docker.ContainerCreateOptions;
  /** A new one, if absent. */
  readonly dataDir?: string;
}

const images: Readonly<Record<Behaviour, Partial<ImageSpec>>> = {
  good: {},
  "failing child": {},
  "crash-looping": crashing(),
  unhealthy: withHealth("never"),
  "missing binary": withoutBinary(),
};

/** Works only beside the parent that it was first started with: it has its host name from that. */
const faithful = `[ -e /data/parent ] || hostname > /data/parent
[ "$(hostname)" = "$(cat /data/parent)" ] || exit 1
trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done`;

let rounds = 0;

/** The containers as the case wants them, and version 2 of their image in the registry. */
export async function openRound(lab: Lab, wanted: Replacement, options: RoundOptions = {}): Promise<Round> {
  const { bed, base } = lab;
  const node = `n${String(++rounds).padStart(4, "0")}`;
  const { docker, socketPath } = bed.engine;
  // Where every round had an image of its own, most of the time would go into pulling it.
  const repository = base.slice(0, base.lastIndexOf(":"));
  const reference = `${repository}:${node}`;
  await docker.getImage(base).tag({ repo: repository, tag: node });
  const publication = { name: repository.slice(repository.indexOf("/") + 1), tag: node, version: "2" };
  await publishImage(bed.registry, { ...publication, ...images[wanted.behaviour] });
  const target = await createOriginal(bed, wanted, { ...options, name: `web-${node}`, image: reference });
  const child = { name: `child-${node}`, image: base, network: `container:${target.id}` };
  const originals: Round["originals"] =
    wanted.subject === "group" ? [target, await createOriginal(bed, wanted, child)] : [target];
  const client = await bed.broker.connect();
  const proxy = await openEngineProxy(socketPath, join(bed.directory, `${node}.sock`));
  const dataDir = options.dataDir ?? (await dataDirectory(bed));
  const journal = join(dataDir, "journal");
  // On a busy machine what crashes at once can be seen running for half a second.
  const failsByItself = wanted.behaviour === "crash-looping" || wanted.behaviour === "failing child";
  const config = {
    ...configFor(bed),
    update: { stable_for: failsByItself ? "5s" : "500ms", health_timeout: "10s" },
    engines: [{ node, host: proxy.host }],
    containers: { include: originals.map(({ name }) => name) },
    check: { on_start: false },
    discovery: { enabled: false },
  };
  return {
    ...{ node, originals, docker, dataDir, proxy, client },
    journal: () => namesIn(journal),
    steps: () => namesIn(journal).map((name) => stepIn(join(journal, name))),
    start: () => startGangway(bed, { config, dataDir, ...(lab.entry ? { entry: lab.entry } : {}) }),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await clear(bed, node, client);
    },
  };
}

interface Wish {
  readonly name: string;
  readonly image: string;
  readonly network?: string;
  readonly container?: Docker.ContainerCreateOptions;
}

async function createOriginal(bed: Bed, wanted: Replacement, wish: Wish): Promise<Original> {
  const { docker } = bed.engine;
  const { name, image, network, container: more = {} } = wish;
  const { policy } = wanted;
  const isChild = network !== undefined;
  const container = await docker.createContainer({
    ...more,
    name,
    Image: image,
    ...(isChild && wanted.behaviour === "failing child" ? { Cmd: ["sh", "-c", faithful] } : {}),
    Volumes: { "/data": {} },
    HostConfig: {
      RestartPolicy: { Name: policy, ...(policy === "on-failure" ? { MaximumRetryCount: 7 } : {}) },
      ...(isChild ? { NetworkMode: network } : {}),
      ...more.HostConfig,
    },
    // A paused one does not hear that it is to stop.
    ...(wanted.subject === "paused" ? { StopTimeout: 1 } : {}),
  });
  const mark = randomUUID();
  await container.putArchive(tarOf([{ path: "mark", content: mark }]), { path: "/data" });
  await container.start();
  if (wanted.subject === "stopped") await container.stop();
  if (wanted.subject === "paused") await container.pause();
  const { State } = await container.inspect();
  return { name, id: container.id, mark, isRunning: State.Running, isPaused: State.Paused };
}

/** So that later rounds neither hear nor see of this one. */
async function clear(bed: Bed, node: string, client: BedClient): Promise<void> {
  const { docker } = bed.engine;
  for (const { Id, Names } of await docker.listContainers({ all: true })) {
    if (!Names.some((name) => name.includes(node))) continue;
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  for (const topic of client.topics().filter((found) => found.includes(node))) {
    await client.publish(topic, "", { retain: true });
  }
  await client[Symbol.asyncDispose]();
}

function stepIn(file: string): string {
  try {
    return String((JSON.parse(readFileSync(file, "utf8")) as { readonly step: unknown }).step);
  } catch {
    // It was just removed, or is being replaced.
    return "";
  }
}

/** The entries of running updates: those of backups and restores have directories of their own. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith(".json"));
  } catch {
    // Gangway died before it had made it.
    return [];
  }
}

/** The image that all rounds begin with, on a bed with all parts. */
export async function openLab(bed: Bed, entry?: string): Promise<Lab> {
  const { reference } = await publishImage(bed.registry, { name: "app", tag: "base", version: "1" });
  await pullImage(bed.engine.docker, reference);
  return { bed, base: reference, ...(entry === undefined ? {} : { entry }) };
}
