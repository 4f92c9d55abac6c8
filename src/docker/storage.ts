import { Readable } from "node:stream";
import type Docker from "dockerode";
import { z } from "zod";
import type { EngineStorage, NetworkInspect, VolumeInspect } from "../core/storage.ts";
import { GangwayError } from "../lib/errors.ts";
import { flowing } from "../lib/flowing.ts";
import { call, translated } from "./call.ts";
import { statusOf } from "./errors.ts";
import { getExact } from "./exact.ts";

export interface StorageLimits {
  readonly quickMs: number;
  readonly slowMs: number;
  /** Between two pieces of an archive, which as a whole takes as long as it takes. */
  readonly archiveIdleMs: number;
}

const texts = z.record(z.string(), z.string()).nullish();

/** `GET /volumes/{name}` */
const volumeInspect: z.ZodType<VolumeInspect> = z.looseObject({
  Name: z.string(),
  Driver: z.string(),
  Labels: texts,
  Options: texts,
  Mountpoint: z.string().optional(),
});

/** `GET /networks/{id}` */
const networkInspect: z.ZodType<NetworkInspect> = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Driver: z.string(),
  Scope: z.string().default("local"),
  Internal: z.boolean().default(false),
  Attachable: z.boolean().default(false),
  EnableIPv6: z.boolean().default(false),
  IPAM: z.record(z.string(), z.unknown()).nullish(),
  Options: texts,
  Labels: texts,
});

/** The calls about volumes, networks and files, at the API version that `docker` has then. */
export function storageOf(docker: Docker, { quickMs, slowMs, archiveIdleMs }: StorageLimits): EngineStorage {
  return {
    inspectVolume: (name, signal) =>
      call(`inspect the volume ${name}`, quickMs, signal, async (limit) =>
        volumeInspect.parse(await getExact(docker, `/volumes/${encodeURIComponent(name)}`, limit)),
      ),
    inspectNetwork: (name, signal) =>
      call(`inspect the network ${name}`, quickMs, signal, async (limit) =>
        networkInspect.parse(await getExact(docker, `/networks/${encodeURIComponent(name)}`, limit)),
      ),
    createVolume: (request, signal) =>
      call(`create the volume ${request.Name}`, slowMs, signal, async (limit) => {
        // The engine answers as if it had made one where there is one already.
        const isThere = await getExact(docker, `/volumes/${encodeURIComponent(request.Name)}`, limit).then(
          () => true,
          (error: unknown) => {
            if (statusOf(error) === 404) return false;
            throw error;
          },
        );
        if (isThere) throw new GangwayError("engine_conflict", `There is a volume ${request.Name} already`);
        await docker.createVolume({ ...request, abortSignal: limit } as object);
      }),
    createNetwork: (request, signal) =>
      call(`create the network ${request.Name}`, slowMs, signal, async (limit) => {
        await docker.createNetwork({ ...request, CheckDuplicate: true, abortSignal: limit } as object as {
          Name: string;
        });
      }),
    writeArchive: (container, archive, signal) =>
      writeArchive({ docker, container, archive, idleMs: archiveIdleMs }, signal),
    readArchive: (container, path, signal) => readArchive({ docker, container, path, idleMs: archiveIdleMs }, signal),
  };
}

interface Reading {
  readonly docker: Docker;
  readonly container: string;
  readonly path: string;
  readonly idleMs: number;
}

/** `GET /containers/{id}/archive` */
async function* readArchive(
  { docker, container, path, idleMs }: Reading,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  using idle = watchIdle(idleMs, signal);
  const ask = <Result>(action: () => Promise<Result>): Promise<Result> =>
    idle.during(() => translated(`give ${path} of ${container}`, idle.limit, action));
  let archive: Readable | undefined;
  try {
    const options = { path, abortSignal: idle.limit } as object as { readonly path: string };
    archive = await ask(async () => (await docker.getContainer(container).getArchive(options)) as Readable);
    const batches = flowing(archive);
    for (;;) {
      const next = await ask(() => batches.next());
      if (next.done === true) return;
      yield* next.value;
    }
  } finally {
    archive?.destroy();
  }
}

interface Writing {
  readonly docker: Docker;
  readonly container: string;
  readonly archive: AsyncIterable<Buffer>;
  readonly idleMs: number;
}

/** `PUT /containers/{id}/archive` */
async function writeArchive({ docker, container, archive, idleMs }: Writing, signal: AbortSignal): Promise<void> {
  using idle = watchIdle(idleMs, signal);
  const broken = new AbortController();
  async function* pieces(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const piece of archive) {
        idle.note();
        yield piece;
      }
    } catch (error) {
      // The request would wait for the rest for ever, and its end would look like that of the archive.
      broken.abort(error);
      throw error;
    }
  }
  const limit = AbortSignal.any([idle.limit, broken.signal]);
  const source = Readable.from(pieces(), { objectMode: false });
  source.on("error", () => {});
  try {
    await idle.during(() =>
      translated(`write into ${container}`, limit, async (abortSignal) => {
        await docker.getContainer(container).putArchive(source, { path: "/", abortSignal } as object as { path: "/" });
      }),
    );
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error;
  } finally {
    source.destroy();
  }
}

interface IdleWatch extends Disposable {
  /** Aborts with the signal, or when nothing has happened for a while during an action. */
  readonly limit: AbortSignal;
  readonly during: <Result>(action: () => Promise<Result>) => Promise<Result>;
  /** Something has happened. */
  readonly note: () => void;
}

/** Between actions nothing can come: whoever reads is busy with the last piece. */
function watchIdle(idleMs: number, signal: AbortSignal): IdleWatch {
  const idle = new AbortController();
  let isActing = false;
  const timer = setInterval(() => {
    if (isActing) idle.abort(new GangwayError("timeout", `nothing came for ${Math.round(idleMs / 1000)} s`));
  }, idleMs);
  return {
    limit: AbortSignal.any([signal, idle.signal]),
    note: () => void timer.refresh(),
    during: async (action) => {
      isActing = true;
      timer.refresh();
      try {
        return await action();
      } finally {
        isActing = false;
      }
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
