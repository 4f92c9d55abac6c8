import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { nameFrom } from "../core/container.ts";
import type { Disk } from "../core/disk.ts";
import { familiarText, type ImageReference, parseImageReference, repositoryOf } from "../core/image-reference.ts";
import type { CreateRequest, Engine, EngineIdentity, PullRequest } from "../core/ports.ts";
import type { EngineStorage } from "../core/storage.ts";
import { GangwayError } from "../lib/errors.ts";
import { asking, clientFor, type EngineAddress } from "./address.ts";
import { readFileFrom, statIn, writeFilesTo } from "./archive.ts";
import { call, translated } from "./call.ts";
import { diskOf } from "./disk.ts";
import { statusOf } from "./errors.ts";
import { eventFilters, watchEvents } from "./events.ts";
import { getExact } from "./exact.ts";
import { identify as identifyEngine } from "./identity.ts";
import { logText } from "./log-text.ts";
import { pullImage } from "./pull.ts";
import { containerInspect, containerList, created, fileChanges, imageInspect, imageList } from "./schema.ts";
import { sampleContainer } from "./stats.ts";
import { storageOf } from "./storage.ts";

/** How long the engine may take: no call waits for ever, for an engine can accept one and never answer it. */
export interface EngineLimits {
  /** For calls that it answers from memory. */
  readonly quickMs: number;
  /** For calls that make it work: a create copies volumes, a start sets networks up. */
  readonly slowMs: number;
  /** For a stop: the container's own grace period decides, and the engine keeps to it. */
  readonly stopMs: number;
  /** Between two lines of a pull, which as a whole takes as long as it takes. */
  readonly pullIdleMs: number;
  /** Between two pieces of an archive, likewise. */
  readonly archiveIdleMs: number;
}

const usualLimits: EngineLimits = {
  quickMs: 30_000,
  slowMs: 180_000,
  stopMs: 3_600_000,
  pullIdleMs: 300_000,
  archiveIdleMs: 120_000,
};

/**
 * The engine at `address`. Nothing is asked of it before the first call, and every call negotiates nothing: the API
 * version is that of the last `identify`, which `watch` repeats at every connection.
 */
export function openEngine(address: EngineAddress, limits: EngineLimits = usualLimits): Engine & Disk & EngineStorage {
  const unversioned = clientFor(address);
  const docker = clientFor(address);
  const identify = async (signal: AbortSignal): Promise<EngineIdentity> => {
    const engine = await call("say who it is", limits.quickMs, signal, (limit) => identifyEngine(unversioned, limit));
    (docker.modem as unknown as { version: string }).version = `v${engine.apiVersion}`;
    return engine;
  };
  return {
    identify,
    watch: (signal) =>
      watchEvents(
        {
          identify,
          open: async (limit) =>
            (await docker.getEvents({
              filters: JSON.stringify(eventFilters),
              abortSignal: limit,
            } as object)) as Readable,
          ping: (limit) => asking(docker).ping({ abortSignal: limit }),
        },
        signal,
      ),
    ...reading(docker, limits),
    ...changing(docker, limits),
    ...diskOf(docker, limits),
    ...storageOf(docker, limits),
    pull: (request, signal) => pull(docker, request, limits, signal),
  };
}

type Reading = Pick<
  Engine,
  "list" | "inspect" | "changes" | "stat" | "readFile" | "inspectImage" | "tagsOf" | "images" | "sample" | "log"
>;

function reading(docker: Docker, { quickMs, slowMs }: EngineLimits): Reading {
  return {
    list: (signal) =>
      call("list its containers", quickMs, signal, async (limit) => {
        const answer: unknown = await docker.listContainers({ all: true, abortSignal: limit });
        return containerList.parse(answer).map((line) => ({
          id: line.Id,
          name: nameFrom(primaryName(line.Names)),
          state: line.State,
          imageId: line.ImageID,
        }));
      }),
    inspect: (container, signal) =>
      call(`inspect ${container}`, quickMs, signal, async (limit) =>
        containerInspect.parse(await getExact(docker, `/containers/${encodeURIComponent(container)}/json`, limit)),
      ),
    changes: (container, signal) =>
      call(`list the changes of ${container}`, slowMs, signal, async (limit) =>
        fileChanges.parse(await getExact(docker, `/containers/${encodeURIComponent(container)}/changes`, limit)),
      ),
    stat: (container, path, signal) =>
      call(`look at ${path} in ${container}`, quickMs, signal, (limit) => statIn(docker, container, path, limit)),
    readFile: (container, path, signal) =>
      call(`read ${path} in ${container}`, slowMs, signal, (limit) => readFileFrom(docker, container, path, limit)),
    inspectImage: (image, signal) =>
      call(`inspect the image ${image}`, quickMs, signal, async (limit) =>
        imageInspect.parse(await getExact(docker, `/images/${image}/json`, limit)),
      ),
    tagsOf: (repository, signal) =>
      call(`list the tags of ${repository}`, quickMs, signal, async (limit) => {
        const filters = JSON.stringify({ reference: [repository] });
        const answer: unknown = await docker.listImages({ filters, abortSignal: limit } as object);
        return imageList.parse(answer).flatMap(({ RepoTags }) => (RepoTags ?? []).flatMap(referenceIn));
      }),
    images: (signal) =>
      call("list its images", quickMs, signal, async (limit) => {
        const answer: unknown = await docker.listImages({ abortSignal: limit } as object);
        return imageList.parse(answer).map(({ Id, RepoTags, RepoDigests, Created }) => ({
          id: Id,
          tags: (RepoTags ?? []).filter(isName),
          digests: (RepoDigests ?? []).filter(isName),
          createdMs: Created * 1_000,
        }));
      }),
    sample: (container, signal) =>
      call(`give statistics of ${container}`, quickMs, signal, (limit) => sampleContainer(docker, container, limit)),
    log: (container, lines, signal) =>
      call(`give the log of ${container}`, quickMs, signal, async (limit) => {
        const options = { stdout: true, stderr: true, follow: false as const, tail: lines, abortSignal: limit };
        return logText(await docker.getContainer(container).logs(options));
      }),
  };
}

/** API versions before 1.43 call what has no name `<none>:<none>` and `<none>@<none>`. */
function isName(text: string): boolean {
  return !text.startsWith("<none>");
}

function referenceIn(text: string): readonly ImageReference[] {
  const reference = parseImageReference(text);
  return reference.kind === "reference" ? [reference] : [];
}

/** A linked container is also listed as `/parent/alias`: its own name is the one without a second slash. */
function primaryName(names: readonly string[]): string {
  return names.find((name) => name.lastIndexOf("/") === 0) ?? names[0] ?? "";
}

type Changing = Omit<Engine, keyof Reading | "identify" | "watch" | "pull">;

function changing(docker: Docker, limits: EngineLimits): Changing {
  const { quickMs, slowMs, stopMs } = limits;
  const act = (what: string, ms: number, signal: AbortSignal, action: Action): Promise<void> =>
    call(what, ms, signal, async (limit) => {
      try {
        await action({ abortSignal: limit });
      } catch (error) {
        // "Not modified": it was started, or stopped, already.
        if (statusOf(error) !== 304) throw error;
      }
    });
  const container = (id: string): Docker.Container => docker.getContainer(id);
  return {
    create: (request, signal) => createContainer(docker, request, slowMs, signal),
    connect: (network, id, endpoint, signal) =>
      act(`connect ${id} to the network ${network}`, slowMs, signal, (options) =>
        docker.getNetwork(network).connect({ Container: id, EndpointConfig: endpoint, ...options } as object),
      ),
    disconnect: (network, id, signal) =>
      act(`disconnect ${id} from the network ${network}`, slowMs, signal, (options) =>
        docker.getNetwork(network).disconnect({ Container: id, Force: true, ...options } as object),
      ),
    writeFiles: (id, files, modifiedAt, signal) =>
      call(`write files into ${id}`, slowMs, signal, (limit) => writeFilesTo(docker, id, files, modifiedAt, limit)),
    rename: (id, name, signal) =>
      act(`rename ${id} to ${name}`, quickMs, signal, (options) => container(id).rename({ name, ...options })),
    setRestartPolicy: (id, policy, signal) =>
      act(`change the restart policy of ${id}`, quickMs, signal, (options) =>
        container(id).update({ RestartPolicy: policy, ...options } as object),
      ),
    start: (id, signal) => act(`start ${id}`, slowMs, signal, (options) => container(id).start(options)),
    stop: (id, signal) => act(`stop ${id}`, stopMs, signal, (options) => container(id).stop(options)),
    restart: (id, signal) => act(`restart ${id}`, stopMs, signal, (options) => container(id).restart(options)),
    pause: (id, signal) => act(`pause ${id}`, quickMs, signal, (options) => container(id).pause(options)),
    unpause: (id, signal) => act(`unpause ${id}`, quickMs, signal, (options) => container(id).unpause(options)),
    remove: (id, { force }, signal) =>
      act(`remove ${id}`, slowMs, signal, (options) => container(id).remove({ force, v: false, ...options } as object)),
    tag: (image, reference, signal) =>
      act(`tag ${image}`, quickMs, signal, (options) =>
        docker.getImage(image).tag({ repo: repositoryOf(reference), tag: reference.tag ?? "latest", ...options }),
      ),
    removeImage: (id, signal) =>
      act(`remove the image ${id}`, slowMs, signal, (options) => docker.getImage(id).remove(options as object)),
    untag: (reference, signal) =>
      act(`untag ${familiarText(reference)}`, quickMs, signal, (options) =>
        docker.getImage(imageName(reference)).remove(options as object),
      ),
  };
}

type Action = (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;

function imageName(reference: ImageReference): string {
  return `${repositoryOf(reference)}:${reference.tag ?? "latest"}`;
}

/** `POST /containers/create`. The body goes as the body only: dockerode would repeat it in the query. */
function createContainer(
  docker: Docker,
  request: CreateRequest,
  slowMs: number,
  signal: AbortSignal,
): Promise<{ readonly id: string }> {
  const { name, body, platform } = request;
  const platformText =
    platform === undefined
      ? undefined
      : [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
  return call(`create ${name}`, slowMs, signal, async (limit) => {
    const container = await docker.createContainer({
      _query: { name, ...(platformText === undefined ? {} : { platform: platformText }) },
      _body: body,
      abortSignal: limit,
    } as object);
    return { id: created.parse(container.id) };
  });
}

/** A pull that ends when the engine has had nothing to say for a while, however long it takes as a whole. */
async function pull(docker: Docker, request: PullRequest, limits: EngineLimits, signal: AbortSignal): Promise<void> {
  const { pullIdleMs } = limits;
  const idle = new AbortController();
  const what = `pull ${familiarText(request.reference)}`;
  const timer = setTimeout(() => {
    idle.abort(new GangwayError("timeout", `nothing was heard of the pull for ${Math.round(pullIdleMs / 1000)} s`));
  }, pullIdleMs);
  try {
    await translated(what, AbortSignal.any([signal, idle.signal]), (limit) =>
      pullImage(docker, request, () => timer.refresh(), limit),
    );
  } finally {
    clearTimeout(timer);
  }
}
