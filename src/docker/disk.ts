import type { Readable } from "node:stream";
import type Docker from "dockerode";
import type { Disk, DiskUsage } from "../core/disk.ts";
import { call } from "./call.ts";
import { buildPruned, diskUsage, engineTime, networkList, pullLine, storedImages, volumeList } from "./disk-schema.ts";
import { getExact } from "./exact.ts";
import { linesOf } from "./lines.ts";

/** For how long the engine may work: adding up the files of volumes takes minutes on slow disks. */
interface DiskLimits {
  readonly quickMs: number;
  readonly slowMs: number;
}

/** The disk of the engine that `docker` talks to. */
export function diskOf(docker: Docker, { quickMs, slowMs }: DiskLimits): Disk {
  return {
    storedImages: (signal) =>
      call("list its images", quickMs, signal, async (limit) =>
        storedImages.parse(await getExact(docker, "/images/json", limit)).map((image) => ({
          id: image.Id,
          tags: image.RepoTags.filter(isName),
          digests: image.RepoDigests.filter(isName),
          createdMs: image.Created * 1_000,
          labels: image.Labels,
        })),
      ),
    pulls: (signal) => call("tell what was pulled", quickMs, signal, (limit) => pullsOf(docker, limit)),
    volumes: (signal) =>
      call("list its volumes", quickMs, signal, async (limit) =>
        volumeList.parse(await getExact(docker, "/volumes", limit)).Volumes.map((volume) => ({
          name: volume.Name,
          labels: volume.Labels,
          ...(volume.CreatedAt === undefined ? {} : { createdMs: volume.CreatedAt }),
        })),
      ),
    networks: (signal) =>
      call("list its networks", quickMs, signal, async (limit) =>
        networkList.parse(await getExact(docker, "/networks", limit)).map((network) => ({
          id: network.Id,
          name: network.Name,
          labels: network.Labels,
          scope: network.Scope,
          isInternal: network.Ingress || network.ConfigOnly,
          ...(network.Created === undefined ? {} : { createdMs: network.Created }),
        })),
      ),
    usage: (parts, signal) =>
      call("tell what its disk holds", slowMs, signal, async (limit) => {
        // docker-modem takes the last character of a query for its own.
        const query = parts.map((part) => `type=${part}`).join("&");
        return usageFrom(await getExact(docker, `/system/df?${query}&`, limit));
      }),
    removeVolume: (name, signal) =>
      call(`remove the volume ${name}`, slowMs, signal, async (abortSignal) => {
        await docker.getVolume(name).remove({ abortSignal } as object);
      }),
    removeNetwork: (id, signal) =>
      call(`remove the network ${id}`, slowMs, signal, async (abortSignal) => {
        await docker.getNetwork(id).remove({ abortSignal } as object);
      }),
    pruneBuildCache: ({ all, unusedForMs }, signal) =>
      call("prune its build cache", slowMs, signal, (limit) => pruneBuilds(docker, { all, unusedForMs }, limit)),
  };
}

/** `GET /events` of what is over: with an end that has passed the stream ends. */
async function pullsOf(docker: Docker, abortSignal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const { SystemTime } = engineTime.parse(await getExact(docker, "/info", abortSignal));
  const options = {
    since: 1,
    // Its own time: of an end that has not come yet it would wait for it.
    until: (Date.parse(SystemTime) / 1_000).toFixed(3),
    filters: { type: ["image"], event: ["pull"] },
    abortSignal,
  };
  const pulls = new Map<string, number>();
  const stream = (await docker.getEvents(options as object)) as Readable;
  for await (const line of linesOf(stream)) {
    const event = pullLine.safeParse(JSON.parse(line)).data;
    if (event !== undefined) pulls.set(event.Actor.ID, event.timeNano / 1_000_000);
  }
  return pulls;
}

interface Modem {
  readonly dial: (
    options: {
      readonly path: string;
      readonly method: "POST";
      readonly statusCodes: Readonly<Record<number, true | string>>;
      readonly abortSignal: AbortSignal;
    },
    done: (error: unknown, answer: unknown) => void,
  ) => void;
}

/** dockerode's own call takes no options. */
async function pruneBuilds(
  docker: Docker,
  { all, unusedForMs }: { readonly all: boolean; readonly unusedForMs: number | undefined },
  abortSignal: AbortSignal,
): Promise<number> {
  const filters = unusedForMs === undefined ? {} : { until: [`${Math.ceil(unusedForMs / 1_000)}s`] };
  const path = `/build/prune?all=${all}&filters=${encodeURIComponent(JSON.stringify(filters))}&`;
  const answer = await new Promise<unknown>((resolve, reject) => {
    (docker.modem as Modem).dial({ path, method: "POST", statusCodes: { 200: true }, abortSignal }, (error, data) =>
      error === null ? resolve(data) : reject(error as Error),
    );
  });
  return buildPruned.parse(answer).SpaceReclaimed;
}

function usageFrom(answer: unknown): DiskUsage {
  const { LayersSize, Images, Containers, Volumes, BuildCache } = diskUsage.parse(answer);
  return {
    layerBytes: LayersSize,
    images: Images.map(({ Id: id, Size: bytes, SharedSize: shared, Containers: users }) => ({
      ...{ id, bytes, isUsed: (users ?? 0) > 0 },
      uniqueBytes: bytes === null || shared === null ? null : Math.max(0, bytes - shared),
    })),
    containers: Containers.map(({ Id: id, SizeRw: bytes }) => ({ id, bytes })),
    volumes: Volumes.map(({ Name: id, UsageData }) => ({
      ...{ id, bytes: UsageData?.Size ?? null, isUsed: (UsageData?.RefCount ?? 1) > 0 },
    })),
    buildCache: BuildCache.map((record) => ({
      id: record.ID,
      bytes: record.Size,
      description: record.Description,
      type: record.Type,
      isUsed: record.InUse,
      isShared: record.Shared,
      ...(record.LastUsedAt === undefined && record.CreatedAt === undefined
        ? {}
        : { lastUsedMs: record.LastUsedAt ?? record.CreatedAt ?? 0 }),
    })),
  };
}

/** API versions before 1.43 call what has no name `<none>:<none>` and `<none>@<none>`. */
function isName(text: string): boolean {
  return !text.startsWith("<none>");
}
