import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { nameFrom } from "../core/container.ts";
import { familiarText, type ImageReference, parseImageReference, repositoryOf } from "../core/image-reference.ts";
import type { CreateRequest, Engine, EngineIdentity } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { deadline } from "../lib/time.ts";
import { asking, clientFor, type EngineAddress } from "./address.ts";
import { engineError, statusOf } from "./errors.ts";
import { eventFilters, watchEvents } from "./events.ts";
import { getExact } from "./exact.ts";
import { identify as identifyEngine } from "./identity.ts";
import { logText } from "./log-text.ts";
import { pullImage } from "./pull.ts";
import { containerInspect, containerList, created, imageInspect, imageList } from "./schema.ts";
import { sampleContainer } from "./stats.ts";

/** For calls that the engine answers from memory. */
const quickMs = 30_000;
/** For calls that make it work: a create copies volumes, a start sets networks up. */
const slowMs = 180_000;

/**
 * The engine at `address`. Nothing is asked of it before the first call, and every call negotiates nothing: the API
 * version is that of the last `identify`, which `watch` repeats at every connection.
 */
export function openEngine(address: EngineAddress): Engine {
  const unversioned = clientFor(address);
  const docker = clientFor(address);
  const identify = async (signal: AbortSignal): Promise<EngineIdentity> => {
    const engine = await call("say who it is", quickMs, signal, (limit) => identifyEngine(unversioned, limit));
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
    ...reading(docker),
    ...changing(docker),
    pull: (request, signal) =>
      call(`pull ${familiarText(request.reference)}`, undefined, signal, (limit) => pullImage(docker, request, limit)),
  };
}

type Reading = Pick<Engine, "list" | "inspect" | "inspectImage" | "tagsOf" | "sample" | "log">;

function reading(docker: Docker): Reading {
  return {
    list: (signal) =>
      call("list its containers", quickMs, signal, async (limit) => {
        const answer: unknown = await docker.listContainers({ all: true, abortSignal: limit });
        return containerList.parse(answer).map((line) => ({
          id: line.Id,
          name: nameFrom(primaryName(line.Names)),
          state: line.State,
        }));
      }),
    inspect: (container, signal) =>
      call(`inspect ${container}`, quickMs, signal, async (limit) =>
        containerInspect.parse(await getExact(docker, `/containers/${encodeURIComponent(container)}/json`, limit)),
      ),
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
    sample: (container, signal) =>
      call(`give statistics of ${container}`, quickMs, signal, (limit) => sampleContainer(docker, container, limit)),
    log: (container, lines, signal) =>
      call(`give the log of ${container}`, quickMs, signal, async (limit) => {
        const options = { stdout: true, stderr: true, follow: false as const, tail: lines, abortSignal: limit };
        return logText(await docker.getContainer(container).logs(options));
      }),
  };
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

function changing(docker: Docker): Changing {
  const act = (what: string, ms: number | undefined, signal: AbortSignal, action: Action): Promise<void> =>
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
    create: (request, signal) => createContainer(docker, request, signal),
    connect: (network, id, endpoint, signal) =>
      act(`connect ${id} to the network ${network}`, slowMs, signal, (options) =>
        docker.getNetwork(network).connect({ Container: id, EndpointConfig: endpoint, ...options } as object),
      ),
    disconnect: (network, id, signal) =>
      act(`disconnect ${id} from the network ${network}`, slowMs, signal, (options) =>
        docker.getNetwork(network).disconnect({ Container: id, Force: true, ...options } as object),
      ),
    rename: (id, name, signal) =>
      act(`rename ${id} to ${name}`, quickMs, signal, (options) => container(id).rename({ name, ...options })),
    setRestartPolicy: (id, policy, signal) =>
      act(`change the restart policy of ${id}`, quickMs, signal, (options) =>
        container(id).update({ RestartPolicy: policy, ...options } as object),
      ),
    start: (id, signal) => act(`start ${id}`, slowMs, signal, (options) => container(id).start(options)),
    // No time-out of ours: the container's own grace period decides, and the engine keeps to it.
    stop: (id, signal) => act(`stop ${id}`, undefined, signal, (options) => container(id).stop(options)),
    restart: (id, signal) => act(`restart ${id}`, undefined, signal, (options) => container(id).restart(options)),
    pause: (id, signal) => act(`pause ${id}`, quickMs, signal, (options) => container(id).pause(options)),
    unpause: (id, signal) => act(`unpause ${id}`, quickMs, signal, (options) => container(id).unpause(options)),
    remove: (id, { force }, signal) =>
      act(`remove ${id}`, slowMs, signal, (options) => container(id).remove({ force, v: false, ...options } as object)),
    tag: (image, reference, signal) =>
      act(`tag ${image}`, quickMs, signal, (options) =>
        docker.getImage(image).tag({ repo: repositoryOf(reference), tag: reference.tag ?? "latest", ...options }),
      ),
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

/** One call, with a time-out and its failure in Gangway's terms. */
async function call<Result>(
  what: string,
  timeoutMs: number | undefined,
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = timeoutMs === undefined ? signal : deadline(timeoutMs, signal);
  try {
    return await action(limit);
  } catch (error) {
    if (error instanceof Error && error.name === "ZodError") {
      throw new GangwayError("engine_answer_invalid", `The engine's answer to "${what}" is not what it should be`, {
        cause: error,
      });
    }
    throw engineError(error, what, limit);
  }
}
