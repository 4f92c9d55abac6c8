import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { z } from "zod";
import type { EngineStorage, NetworkInspect, VolumeInspect } from "../core/storage.ts";
import { GangwayError } from "../lib/errors.ts";
import { call, translated } from "./call.ts";
import { getExact } from "./exact.ts";

export interface StorageLimits {
  readonly quickMs: number;
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
export function storageOf(docker: Docker, { quickMs, archiveIdleMs }: StorageLimits): EngineStorage {
  return {
    inspectVolume: (name, signal) =>
      call(`inspect the volume ${name}`, quickMs, signal, async (limit) =>
        volumeInspect.parse(await getExact(docker, `/volumes/${encodeURIComponent(name)}`, limit)),
      ),
    inspectNetwork: (name, signal) =>
      call(`inspect the network ${name}`, quickMs, signal, async (limit) =>
        networkInspect.parse(await getExact(docker, `/networks/${encodeURIComponent(name)}`, limit)),
      ),
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
  const what = `give ${path} of ${container}`;
  const idle = new AbortController();
  let isAsking = true;
  const timer = setInterval(() => {
    // While whoever reads is busy with the last piece, nothing can come.
    if (isAsking) idle.abort(new GangwayError("timeout", `nothing came for ${Math.round(idleMs / 1000)} s`));
  }, idleMs);
  const limit = AbortSignal.any([signal, idle.signal]);
  const ask = <Result>(action: () => Promise<Result>): Promise<Result> => translated(what, limit, action);
  let archive: Readable | undefined;
  try {
    const options = { path, abortSignal: limit } as object as { readonly path: string };
    archive = await ask(async () => (await docker.getContainer(container).getArchive(options)) as Readable);
    const pieces = archive[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      isAsking = true;
      timer.refresh();
      const next = await ask(() => pieces.next());
      isAsking = false;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    clearInterval(timer);
    archive?.destroy();
  }
}
