import type { BackedUpVolume, BackupPlan } from "./backup.ts";
import { areNested, destinationsOfHostPath } from "./backup-place.ts";
import { isTransientName, nameFrom } from "./container.ts";
import type { ContainerInspect } from "./inspect.ts";
import { successorsOf } from "./lost-parents.ts";
import { volumeNameOf } from "./recreate/mounts.ts";
import { dependantsOf } from "./recreate.ts";
import type { RestorePlan } from "./restore.ts";
import type { VolumeInspect } from "./storage.ts";

/** What there is that a restore would take the place of. */
export interface InPlaceSubject {
  /** What the container is to be called. */
  readonly container: string;
  readonly all: readonly ContainerInspect[];
  /** The names of the volumes that would be removed and made anew. */
  readonly volumes: readonly string[];
  /** These, as the engine describes them. */
  readonly inspected: readonly VolumeInspect[];
  /** Gangway itself, and what it reaches the engine through. */
  readonly isNeeded: (inspect: ContainerInspect) => boolean;
  /** Where the backups are on the engine's host; undefined where they are not there. */
  readonly backupsPath: string | undefined;
}

/** What a restore removes, and has to keep a copy of before. */
export interface InPlace {
  /** The container that has the name. */
  readonly target: ContainerInspect | undefined;
  /** The names of the volumes that are removed and made anew. */
  readonly volumes: readonly string[];
  /** Sentences on what goes, and on what stays though one might expect it to go: for a preview. */
  readonly warnings: readonly string[];
}

/** A sentence for each thing that keeps a restore from taking the place of what is there. */
export function inPlaceConflicts(subject: InPlaceSubject): readonly string[] {
  const { container, all, volumes, inspected, isNeeded, backupsPath } = subject;
  const target = all.find(({ Name }) => nameFrom(Name) === container);
  const used = volumes.flatMap((name) => {
    const users = all.filter((other) => other !== target && hasVolume(other, name)).map(({ Name }) => nameFrom(Name));
    return users.length === 0 ? [] : [`${name} (${users.join(", ")})`];
  });
  const elsewhere = inspected
    .filter(({ Driver: driver, Options: options }) => isElsewhere({ driver, options: options ?? {} }))
    .map(({ Name }) => Name);
  const holding = backupsPath === undefined ? [] : volumesWith(backupsPath, target, inspected);
  const holders = volumes.filter((name) => holding.includes(name));
  return [
    ...(isTransientName(container) ? [`${container} is a name that an unfinished operation gives.`] : []),
    ...(target === undefined ? [] : targetConflicts(target, all, isNeeded)),
    ...(used.length === 0
      ? []
      : [
          `Other containers have the volumes that would be made anew: ${used.join(", ")}. Restore with new names for the ` +
            "volumes, or remove those containers first.",
        ]),
    ...(elsewhere.length === 0
      ? []
      : [
          `A volume that is there is a directory or a share by its driver options, or another driver's than local, and ` +
            `nothing is written into that: ${elsewhere.join(", ")}. Restore with new names for the volumes.`,
        ]),
    ...(holders.length === 0 ? [] : [`The backups themselves are in a volume that would go: ${holders.join(", ")}.`]),
  ];
}

function targetConflicts(
  target: ContainerInspect,
  all: readonly ContainerInspect[],
  isNeeded: InPlaceSubject["isNeeded"],
): readonly string[] {
  const { Name, Config, HostConfig, State } = target;
  const name = nameFrom(Name);
  const labels = Config.Labels ?? {};
  const dependants = dependantsOf(target, all, successorsOf(all)).filter((other) => other !== name);
  const found: readonly (readonly [boolean, string])[] = [
    [
      isNeeded(target),
      `${name} is Gangway itself, or what it reaches the engine through, and cannot be replaced by it: restore under ` +
        "another name.",
    ],
    [
      HostConfig.AutoRemove === true,
      `${name} was started with --rm and would be gone as soon as it is stopped: remove it yourself first.`,
    ],
    [
      labels["com.docker.swarm.task.id"] !== undefined || labels["PODMAN_SYSTEMD_UNIT"] !== undefined,
      `${name} belongs to Swarm or to systemd, which would start it again: restore under another name.`,
    ],
    [State.Dead || State.Status === "dead" || State.Status === "removing", `${name} is being removed: ask again then.`],
    [State.Paused, `${name} is paused: unpause or stop it first.`],
    [
      dependants.length > 0,
      `${dependants.join(", ")} cannot run without ${name}, in whose namespaces they live or which they are linked to: ` +
        "remove them first, or restore under another name.",
    ],
  ];
  return found.flatMap(([holds, sentence]) => (holds ? [sentence] : []));
}

/** Also of a container that was created but never started. */
function hasVolume({ Mounts }: ContainerInspect, name: string): boolean {
  return Mounts.some((mount) => mount.Type === "volume" && volumeNameOf(mount) === name);
}

/** The volumes that have a path of the host in them, or are in it: a container's, and others. */
function volumesWith(
  path: string,
  target: ContainerInspect | undefined,
  inspected: readonly VolumeInspect[],
): readonly string[] {
  const mounts = (target?.Mounts ?? []).filter(
    (mount) => mount.Type === "volume" && destinationsOfHostPath(path, [mount]).length > 0,
  );
  const others = inspected.filter(({ Mountpoint: at = "" }) => at !== "" && areNested(path, at));
  return [...mounts.flatMap((mount) => volumeNameOf(mount) ?? []), ...others.map(({ Name }) => Name)];
}

/**
 * Do driver options name a directory of the host, or a share, that may be full of data however new the volume is? With
 * another driver nobody knows: what it keeps may be as old, and be there after a removal.
 */
export function isElsewhere({ driver, options }: Pick<BackedUpVolume, "driver" | "options">): boolean {
  return driver !== "local" || (options["device"] !== undefined && options["type"] !== "tmpfs");
}

/** All volumes that a container has, by name. */
export function volumesOf({ Mounts }: ContainerInspect): readonly string[] {
  const names = Mounts.flatMap((mount) => (mount.Type === "volume" ? (volumeNameOf(mount) ?? []) : []));
  return [...new Set(names)].sort();
}

/**
 * What goes where `container` is restored with `volumes`, those that are there already. Undefined where nothing is in its
 * place.
 */
export function inPlaceOf(
  container: string,
  volumes: readonly string[],
  all: readonly ContainerInspect[],
): InPlace | undefined {
  const target = all.find(({ Name }) => nameFrom(Name) === container);
  if (target === undefined && volumes.length === 0) return undefined;
  return { target, volumes, warnings: warningsOf(target, volumes) };
}

function warningsOf(target: ContainerInspect | undefined, volumes: readonly string[]): readonly string[] {
  const own = target === undefined ? [] : volumesOf(target);
  const orphans = volumes.filter((volume) => !own.includes(volume));
  const ofOrphans =
    orphans.length === 0 ? [] : [`The data that is in ${orphans.join(", ")} now is backed up before it goes.`];
  if (target === undefined) return ofOrphans;
  const name = nameFrom(target.Name);
  const kept = own.filter((volume) => !volumes.includes(volume));
  return [
    `The container ${name} that is there is stopped, backed up with its data, and removed; files that it wrote to no ` +
      "volume go with it.",
    ...ofOrphans,
    ...(kept.length === 0 ? [] : [`Its volumes that the backup does not fill stay: ${kept.join(", ")}.`]),
  ];
}

/**
 * What brings back from `safety`, the backup that was made before anything was removed, what is not there any more. The
 * volumes that are still there were never touched: what a restore has made in place of one is removed before, and so is
 * one whose removal was begun.
 */
export function planReturn(
  safety: BackupPlan,
  existing: { readonly volumes: ReadonlySet<string>; readonly networks: ReadonlySet<string> },
): RestorePlan {
  const { container, create, state } = safety;
  return {
    ...{ container, create, start: state !== "stopped", warnings: [] },
    networks: safety.networks.filter(({ name }) => !existing.networks.has(name)),
    // Under their own names, with all their labels, the anonymous ones too: the container has them by these.
    volumes: safety.volumes
      .filter(({ name }) => !existing.volumes.has(name))
      .map((volume) => ({ ...volume, anonymous: false, newName: volume.name })),
  };
}
