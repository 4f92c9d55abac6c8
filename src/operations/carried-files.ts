import PQueue from "p-queue";
import { carriableFilesOf, carriedAt, isCarried, isOfCompose } from "../core/carried-files.ts";
import type { ContainerFile, ContainerInspect } from "../core/inspect.ts";
import type { Engine } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";

const parallelStats = 8;
const largestBytes = 16 * 1_048_576;

/**
 * By the containers' ids: those of their files that their successors have to be given, because nobody else would put
 * them there. Sorted.
 */
export async function carriedFilesOf(
  engine: Pick<Engine, "changes" | "stat">,
  containers: readonly ContainerInspect[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const carried = new Map<string, readonly string[]>();
  for (const inspect of containers) carried.set(inspect.Id, await filesOf(engine, inspect, signal));
  return carried;
}

async function filesOf(
  engine: Pick<Engine, "changes" | "stat">,
  inspect: ContainerInspect,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!isOfCompose(inspect)) return [];
  const paths = carriableFilesOf(inspect, await engine.changes(inspect.Id, signal));
  const queue = new PQueue({ concurrency: parallelStats });
  const looking = paths.map((path) =>
    queue.add(async () => {
      const stat = await engine.stat(inspect.Id, path, signal);
      if (stat === undefined || !isCarried(inspect, path, stat)) return [];
      if (stat.bytes <= largestBytes) return [path];
      const message = `${path} is too large to be carried over into a new container; mount it from a volume instead`;
      throw new GangwayError("engine_conflict", message);
    }),
  );
  try {
    return (await Promise.all(looking)).flat().sort();
  } finally {
    queue.clear();
  }
}

/** Gives a container that has not started yet the files at `paths` of another. */
export async function carryFiles(
  engine: Pick<Engine, "inspect" | "readFile" | "writeFiles">,
  { from, to, paths }: { readonly from: string; readonly to: string; readonly paths: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0) return;
  const files: ContainerFile[] = [];
  // One after the other: the engine locks the container for each.
  for (const path of paths) files.push(await engine.readFile(from, path, signal));
  await engine.writeFiles(to, files, carriedAt(await engine.inspect(to, signal)), signal);
}
