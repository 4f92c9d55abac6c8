import type { BackedUpBind, BackedUpVolume, BackupPlan, Consistency } from "./backup.ts";
import type { BackupLabels } from "./backup-labels.ts";
import { nameFrom } from "./container.ts";
import type { ContainerInspect, ImageInspect, MountPoint } from "./inspect.ts";
import { networkDefinitionOf } from "./network-file.ts";
import type { EngineIdentity } from "./ports.ts";
import { volumeNameOf } from "./recreate/mounts.ts";
import { planRecreate } from "./recreate.ts";
import type { NetworkInspect, VolumeInspect } from "./storage.ts";

/** All that a backup is planned from. */
export interface BackupSubject {
  readonly inspect: ContainerInspect;
  /** Undefined: the engine has no record of it any more. */
  readonly image: ImageInspect | undefined;
  /** Those that the container has, as far as the engine knows them. */
  readonly volumes: readonly VolumeInspect[];
  /** Those that the container is in. */
  readonly networks: readonly NetworkInspect[];
  readonly labels: BackupLabels;
  /** Where the container sees the backups themselves; what is mounted there is left out. */
  readonly backupsAt?: readonly string[];
  /** Volumes that are left out because other containers have them too. */
  readonly shared?: readonly string[];
  readonly consistency: Consistency;
  readonly identity: Pick<EngineIdentity, "version" | "apiVersion" | "hostName">;
  /** Names by id, of all containers that there are. */
  readonly names: ReadonlyMap<string, string>;
  /** Gangway's release. */
  readonly gangway: string;
  readonly node: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Networks that every engine has. */
const ownNetworks = new Set(["bridge", "host", "none", "podman"]);

/** What is backed up of a container, but for who is halted meanwhile. */
export function planBackup(subject: BackupSubject): BackupPlan {
  const { inspect, image, identity, backupsAt = [], shared = [] } = subject;
  const labels = labelsLeavingOut(subject.labels, [...backupsAt, ...shared]);
  const volumes = volumesOf({ ...subject, labels });
  const binds = bindsOf(inspect, labels);
  const { body, platform, connect, disconnect, warnings } = planRecreate({
    inspect,
    oldImage: image,
    newImage: { Id: inspect.Image },
    newManifestId: inspect.ImageManifestDescriptor?.digest,
    newReference: inspect.Config.Image,
    ...{ apiVersion: identity.apiVersion, hostName: identity.hostName, containers: subject.names },
  });
  const { State } = inspect;
  return {
    ...{ format: "gangway-backup", schema: 1 },
    ...{ gangway: subject.gangway, createdAt: subject.createdAt, node: subject.node },
    container: nameFrom(inspect.Name),
    engine: { version: identity.version, apiVersion: identity.apiVersion, hostName: identity.hostName },
    ...{ consistency: subject.consistency, halted: [] },
    state: State.Paused ? "paused" : State.Running ? "running" : "stopped",
    image: {
      ...{ reference: inspect.Config.Image, id: inspect.Image, repoDigests: image?.RepoDigests ?? [] },
      ...(image === undefined ? {} : { platform: platformOf(image), config: image.Config }),
    },
    create: { body, ...(platform === undefined ? {} : { platform }), connect, disconnect },
    networks: subject.networks.filter(({ Name }) => !ownNetworks.has(Name)).map(networkDefinitionOf),
    ...{ volumes, binds },
    tmpfs: tmpfsOf(inspect),
    warnings: [
      ...warnings,
      ...(shared.length === 0 ? [] : [`Left out, because other containers have them too: ${shared.join(", ")}.`]),
      ...missing(
        volumes.filter(({ name }) => !shared.includes(name)),
        binds,
        backupsAt,
      ),
    ],
    inspect,
  };
}

function platformOf({ Os: os, Architecture: architecture, Variant: variant }: ImageInspect) {
  return { os, architecture, ...(variant === undefined || variant === "" ? {} : { variant }) };
}

/** Backups would hold all backups before them otherwise, and double each time. */
export function labelsLeavingOut(labels: BackupLabels, backupsAt: readonly string[]): BackupLabels {
  return { ...labels, exclude: [...labels.exclude, ...backupsAt] };
}

/** What to tell of the volumes and directories that hold the backups themselves. */
function warningOfBackups(sources: readonly string[]): readonly string[] {
  if (sources.length === 0) return [];
  return [
    `Left out with all that is in it, because the backups are there: ${sources.join(", ")}; to have the rest of it in ` +
      "backups, let backup.dir be in a volume or directory of its own.",
  ];
}

/** The volumes, by name, and the paths of the host that a backup reads. */
export function sourcesOf(
  inspect: ContainerInspect,
  labels: BackupLabels,
): { readonly volumes: readonly string[]; readonly binds: readonly string[] } {
  const volumes = volumesOf({ inspect, labels, volumes: [] }).filter(({ part }) => part !== undefined);
  const binds = bindsOf(inspect, labels).filter(({ part }) => part !== undefined);
  return { volumes: volumes.map(({ name }) => name), binds: binds.map(({ source }) => source) };
}

/** The same volume can be mounted twice. */
function volumesOf({
  inspect,
  volumes: known,
  labels: { exclude },
}: Pick<BackupSubject, "inspect" | "volumes" | "labels">): readonly BackedUpVolume[] {
  const mounts = Map.groupBy(
    inspect.Mounts.filter((mount) => mount.Type === "volume" && volumeNameOf(mount) !== undefined),
    (mount) => volumeNameOf(mount) ?? "",
  );
  const sorted = [...mounts].sort(([a], [b]) => (a < b ? -1 : 1));
  let parts = 0;
  return sorted.map(([name, its]) => {
    const volume = known.find(({ Name }) => Name === name);
    const destinations = destinationsOf(its);
    const isLeftOut = [name, ...destinations].some((word) => exclude.includes(word));
    return {
      name,
      anonymous: isAnonymous(inspect, name, volume),
      driver: volume?.Driver ?? "local",
      options: volume?.Options ?? {},
      labels: volume?.Labels ?? {},
      destinations,
      ...(isLeftOut ? {} : { part: `volumes/v${parts++}.tar` }),
    };
  });
}

/** Has nobody given it this name? Newer engines say so; it is 64 hex digits in any case. */
function isAnonymous({ HostConfig }: ContainerInspect, name: string, volume: VolumeInspect | undefined): boolean {
  if (volume?.Labels?.["com.docker.volume.anonymous"] !== undefined) return true;
  const isAsked = (HostConfig.Binds ?? []).some((bind) => bind.startsWith(`${name}:`));
  return /^[0-9a-f]{64}$/.test(name) && !isAsked;
}

function bindsOf({ Mounts }: ContainerInspect, { binds, exclude }: BackupLabels): readonly BackedUpBind[] {
  const mounts = Map.groupBy(
    Mounts.filter(({ Type }) => Type === "bind"),
    ({ Source }) => Source,
  );
  const sorted = [...mounts].sort(([a], [b]) => (a < b ? -1 : 1));
  let parts = 0;
  return sorted.map(([source, its]) => {
    const destinations = destinationsOf(its);
    const isWanted = destinations.some((path) => binds === "all" || binds.includes(path));
    const isLeftOut = destinations.some((path) => exclude.includes(path));
    return { source, destinations, ...(isWanted && !isLeftOut ? { part: `binds/b${parts++}.tar` } : {}) };
  });
}

function destinationsOf(mounts: readonly MountPoint[]): readonly string[] {
  return mounts.map(({ Destination }) => Destination).sort();
}

function tmpfsOf({ HostConfig }: ContainerInspect): readonly string[] {
  const asked = (HostConfig.Mounts ?? []).filter(({ Type }) => Type === "tmpfs").map(({ Target }) => Target);
  return [...Object.keys(HostConfig.Tmpfs ?? {}), ...asked].sort();
}

function missing(
  volumes: readonly BackedUpVolume[],
  binds: readonly BackedUpBind[],
  backupsAt: readonly string[],
): readonly string[] {
  const holdsBackups = ({ destinations }: BackedUpBind | BackedUpVolume): boolean =>
    destinations.some((path) => backupsAt.includes(path));
  const left = (those: readonly (BackedUpBind | BackedUpVolume)[]): readonly string[] =>
    those
      .filter((one) => one.part === undefined && !holdsBackups(one))
      .map((one) => ("name" in one ? one.name : one.source));
  const volumesLeft = left(volumes);
  const bindsLeft = left(binds);
  const holding = [...volumes, ...binds].filter(holdsBackups).map((one) => ("name" in one ? one.name : one.source));
  return [
    ...warningOfBackups(holding),
    ...(volumesLeft.length === 0
      ? []
      : [`Left out, as the label gangway.backup.exclude says: ${volumesLeft.join(", ")}.`]),
    ...(bindsLeft.length === 0
      ? []
      : [
          `Directories of the host are not in it: ${bindsLeft.join(", ")}; the label gangway.backup.binds takes them in.`,
        ]),
  ];
}
