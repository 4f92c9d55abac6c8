import { posix } from "node:path";
import { timeFrom } from "./container.ts";
import type { ContainerInspect, FileChange, FileStat } from "./inspect.ts";

/** Files of a container that its replacement would not have. */
export interface LostFiles {
  /** Sorted; the first hundred. */
  readonly paths: readonly string[];
  /** How many there are in all. */
  readonly total: number;
}

const mostPaths = 100;

/** The engine makes these itself in every container. */
const engineMade = [
  "/.dockerenv",
  "/dev",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/mtab",
  "/etc/resolv.conf",
  "/proc",
  "/sys",
];

/**
 * The files that a replacement would lose: all that the container has in its writable layer, save those that are
 * `carried` over. What it has deleted is its image's, and comes back with it.
 */
export function lostFilesFor(
  inspect: Pick<ContainerInspect, "Mounts" | "HostConfig">,
  changes: readonly FileChange[],
  carried: readonly string[] = [],
): LostFiles {
  const known = new Set(carried);
  const paths = layerFilesOf(inspect, changes)
    .filter((path) => !known.has(path))
    .sort();
  return { paths: paths.slice(0, mostPaths), total: paths.length };
}

/**
 * The files in a container's writable layer. The engine does not tell files from directories: a directory is what has
 * something in it that changed too, or a mount; an empty one counts as a file.
 */
export function layerFilesOf(
  inspect: Pick<ContainerInspect, "Mounts" | "HostConfig">,
  changes: readonly FileChange[],
): readonly string[] {
  const mounts = mountPointsOf(inspect);
  const directories = new Set([...changes.map(({ path }) => path), ...mounts].flatMap(directoriesAbove));
  const covers = [...mounts, ...engineMade];
  return changes.flatMap(({ path, kind }) => {
    const isFile = kind !== "deleted" && !directories.has(path);
    return isFile && !covers.some((cover) => isAtOrBelow(path, cover)) ? [path] : [];
  });
}

/** Where something is mounted; a tmpfs stands among the requests only. */
function mountPointsOf({ Mounts, HostConfig }: Pick<ContainerInspect, "Mounts" | "HostConfig">): readonly string[] {
  const mounted = Mounts.map(({ Destination }) => Destination);
  const asked = (HostConfig.Mounts ?? []).map(({ Target }) => Target);
  return [...mounted, ...asked, ...Object.keys(HostConfig.Tmpfs ?? {})].map(cleanPath);
}

function directoriesAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function cleanPath(path: string): string {
  const clean = posix.normalize(`/${path}`);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}

/** Compose puts its files singly: where more than this have changed in one directory, the application did it. */
const crowd = 100;
const secretsDirectory = "/run/secrets";

/** Does the container belong to a project of compose? */
export function isOfCompose({ Config }: Pick<ContainerInspect, "Config">): boolean {
  return Config.Labels?.["com.docker.compose.project"] !== undefined;
}

/** Those of the files in a container of compose that compose may have put there. */
export function carriableFilesOf(
  inspect: Pick<ContainerInspect, "Mounts" | "HostConfig">,
  changes: readonly FileChange[],
): readonly string[] {
  const files = layerFilesOf(inspect, changes);
  const byDirectory = Map.groupBy(files, posix.dirname);
  return files.filter(
    (path) => isAtOrBelow(path, secretsDirectory) || (byDirectory.get(posix.dirname(path))?.length ?? 0) <= crowd,
  );
}

const largestBytes = 1_048_576;
/** Archives have whole seconds: a time is rounded to the nearest one. */
const roundingMs = 500;
/** How long compose lets a container wait for those that it depends on before it starts it for the first time. */
const longestWaitMs = 600_000;
/** Between compose's writing and its start. */
const startDelayMs = 5_000;

/**
 * Did compose put this file into the container (`configs` with `content`, `secrets` with `environment`)? Nothing in the
 * inspect answer tells. Compose 2.26 writes them when it has created a container, later ones each time before they start
 * it: before the application could write anything, or with the whole second that an archive has.
 */
export function isCarried(
  { Created, RestartCount, State }: Pick<ContainerInspect, "Created" | "RestartCount" | "State">,
  path: string,
  { isRegular, bytes, modifiedAt }: FileStat,
): boolean {
  if (!isRegular) return false;
  if (isAtOrBelow(path, secretsDirectory)) return true;
  if (bytes > largestBytes) return false;
  const created = Date.parse(Created);
  const started = timeFrom(State.StartedAt) === null ? Number.POSITIVE_INFINITY : Date.parse(State.StartedAt);
  const wasStartedOnce = RestartCount === 0 && timeFrom(State.FinishedAt) === null;
  const modified = Date.parse(modifiedAt);
  if (wasStartedOnce && modified >= created && modified < started) return true;
  const isOfArchive = /:\d\d(?:\.0+)?(?:Z|[+-])/.test(modifiedAt);
  if (!isOfArchive || modified < created - roundingMs || modified > started + roundingMs) return false;
  return wasStartedOnce || modified <= created + longestWaitMs || modified >= started - startDelayMs;
}

/**
 * The time to give to the files of a new container, in milliseconds since 1970: the next update finds them by it. By the
 * engine's own clock, and a whole second, for archives have nothing finer.
 */
export function carriedAt({ Created }: Pick<ContainerInspect, "Created">): number {
  return Math.round(Date.parse(Created) / 1_000) * 1_000;
}
