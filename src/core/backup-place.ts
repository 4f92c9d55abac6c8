import type { ContainerInspect, MountPoint } from "./inspect.ts";

/**
 * Where a directory of Gangway's own container is on the engine's host, as a path; undefined where it is in no volume
 * and no bind.
 */
export function hostPathOf(
  directory: string,
  { Mounts: mounts }: Pick<ContainerInspect, "Mounts">,
): string | undefined {
  const [mount] = mounts
    .filter(({ Destination, Source }) => Source !== "" && isWithin(directory, Destination))
    .toSorted((a, b) => b.Destination.length - a.Destination.length);
  if (mount === undefined) return undefined;
  return `${withoutSlash(mount.Source)}${directory.slice(withoutSlash(mount.Destination).length)}`;
}

/** Where a container sees a directory of the host, or a part of it: the paths at which it is mounted. */
export function destinationsOfHostPath(path: string, mounts: readonly MountPoint[]): readonly string[] {
  return mounts
    .filter(({ Type, Source }) => (Type === "volume" || Type === "bind") && Source !== "")
    .filter(({ Source }) => areNested(path, Source))
    .map(({ Destination }) => Destination);
}

/** Is one of two paths the other, or in it? */
export function areNested(path: string, other: string): boolean {
  return isWithin(path, other) || isWithin(other, path);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${withoutSlash(directory)}/`);
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}
