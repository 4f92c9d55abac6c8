import type { ContainerInspect, HostConfig, MountPoint, MountRequest } from "../inspect.ts";
import { unlessEmpty } from "./members.ts";
import { containerNameFor } from "./references.ts";

export type MountMembers = Pick<HostConfig, "Binds" | "Mounts" | "VolumesFrom">;

/**
 * What to mount into the new container: what was asked for, and by name every volume that the engine made because nobody
 * named one. Without that the new container would get empty ones, and the data of the old would be lost to it.
 */
export function mountsFor(
  inspect: Pick<ContainerInspect, "Config" | "HostConfig" | "Mounts">,
  containers: ReadonlyMap<string, string>,
): MountMembers {
  const { Binds: binds, Mounts: mounts, VolumesFrom: volumesFrom } = inspect.HostConfig;
  const named = mounts?.map((request) => withVolume(request, inspect.Mounts));
  const kept = unaskedFor(inspect, containers).map(requestFor).sort(byTarget);
  return {
    Binds: binds?.filter((bind) => !isAnonymousBind(bind)) ?? binds,
    Mounts: kept.length === 0 ? (named ?? mounts) : [...(named ?? []), ...kept],
    VolumesFrom: volumesFrom?.flatMap((source) => sourceFor(source, containers) ?? []) ?? volumesFrom,
  };
}

/** Names the volume in a request that left it to the engine (`--mount type=volume,dst=/x`). */
function withVolume(request: MountRequest, mounted: readonly MountPoint[]): MountRequest {
  if (request.Type !== "volume" || unlessEmpty(request.Source) !== undefined) return request;
  const target = cleanPath(request.Target);
  const volume = mounted.find(({ Type, Destination }) => Type === "volume" && cleanPath(Destination) === target);
  const name = volume === undefined ? undefined : volumeNameOf(volume);
  return name === undefined ? request : { ...request, Source: name };
}

/**
 * The volume's name. Docker 28.5 leaves it out for a bind that is only a destination; the directory has it, as the local
 * driver lays its volumes out.
 */
export function volumeNameOf({ Name, Source }: MountPoint): string | undefined {
  return unlessEmpty(Name) ?? /\/volumes\/(?<name>[^/]+)\/_data$/.exec(Source)?.groups?.["name"];
}

/** What is mounted although no bind, mount or tmpfs asks for it, and no other container lends it. */
function unaskedFor(
  { Config, HostConfig, Mounts }: Pick<ContainerInspect, "Config" | "HostConfig" | "Mounts">,
  containers: ReadonlyMap<string, string>,
): readonly MountPoint[] {
  const binds = HostConfig.Binds ?? [];
  const asked = new Set(
    [
      ...binds.filter((bind) => !isAnonymousBind(bind)).map((bind) => bind.split(":")[1] ?? ""),
      ...(HostConfig.Mounts ?? []).map(({ Target }) => Target),
      ...Object.keys(HostConfig.Tmpfs ?? {}),
    ].map(cleanPath),
  );
  const own = new Set([...Object.keys(Config.Volumes ?? {}), ...binds.filter(isAnonymousBind)].map(cleanPath));
  const sources = (HostConfig.VolumesFrom ?? []).map((source) => sourceFor(source, containers));
  const isLost = sources.includes(undefined);
  // All that is not the container's own comes from the others then. Where one of those is gone, it cannot be told what
  // came from it: everything is mounted by name, which does no harm to what is lent as well.
  const isAllLent = sources.length > 0 && !isLost;
  return Mounts.filter((mount) => {
    const path = cleanPath(mount.Destination);
    if (asked.has(path)) return false;
    if (mount.Type === "bind") return isLost;
    return mount.Type === "volume" && volumeNameOf(mount) !== undefined && (own.has(path) || !isAllLent);
  });
}

/**
 * By name, what is mounted although no bind, mount or tmpfs of `host` asks for it: of a container to be created from
 * `host`, all that another one lends it (`--volumes-from`).
 */
export function lentMounts(
  mounts: readonly MountPoint[],
  host: Readonly<Record<string, unknown>>,
): readonly MountRequest[] {
  const { Binds, Mounts, Tmpfs } = host as Pick<HostConfig, "Binds" | "Mounts" | "Tmpfs">;
  const asked = new Set(
    [
      ...(Binds ?? []).map((bind) => bind.split(":")[1] ?? bind),
      ...(Mounts ?? []).map(({ Target }) => Target),
      ...Object.keys(Tmpfs ?? {}),
    ].map(cleanPath),
  );
  return mounts
    .filter((mount) => mount.Type === "bind" || (mount.Type === "volume" && volumeNameOf(mount) !== undefined))
    .filter(({ Destination }) => !asked.has(cleanPath(Destination)))
    .map(requestFor)
    .sort(byTarget);
}

function requestFor(mount: MountPoint): MountRequest {
  const { Type, Source, Destination, RW, Propagation: propagation } = mount;
  const readOnly = RW ? {} : { ReadOnly: true };
  if (Type === "volume") {
    return {
      Type,
      Source: volumeNameOf(mount) ?? "",
      Target: Destination,
      ...readOnly,
      VolumeOptions: { NoCopy: true },
    };
  }
  const options = unlessEmpty(propagation) === undefined ? {} : { BindOptions: { Propagation: propagation } };
  return { Type, Source, Target: Destination, ...readOnly, ...options };
}

/** The engine gives mounts in no order; the plan for the same container is to be the same each time. */
function byTarget(one: MountRequest, other: MountRequest): number {
  return one.Target < other.Target ? -1 : 1;
}

/** An entry of `VolumesFrom` (`<id or name>[:mode]`) by the container's name; undefined where that is gone. */
function sourceFor(source: string, containers: ReadonlyMap<string, string>): string | undefined {
  const colon = source.indexOf(":");
  const [reference, mode] = colon < 0 ? [source, ""] : [source.slice(0, colon), source.slice(colon)];
  const name = containerNameFor(reference, containers);
  return name === undefined ? undefined : `${name}${mode}`;
}

/** Does the container take volumes from one that is gone? */
export function hasLostSource({ VolumesFrom }: HostConfig, containers: ReadonlyMap<string, string>): boolean {
  return (VolumesFrom ?? []).some((source) => sourceFor(source, containers) === undefined);
}

/** A bind that is only a destination: the engine makes a new anonymous volume for it, every time. */
function isAnonymousBind(bind: string): boolean {
  return !bind.includes(":");
}

/** As the engine cleans paths: `/a//b/./c/..` is `/a/b`. */
function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
