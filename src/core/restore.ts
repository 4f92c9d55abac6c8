import type { BackedUpVolume, BackupPlan, CreatePlan, NetworkDefinition } from "./backup.ts";
import type { ContainerInspect, CreateBody, EndpointConfig, MountRequest } from "./inspect.ts";
import { lentMounts } from "./recreate/mounts.ts";
import { type InPlace, type InPlaceSubject, inPlaceConflicts, inPlaceOf, isElsewhere } from "./restore-in-place.ts";

/** What a restore is to make of a backup. */
export interface RestoreWish {
  /** What the container is to be called. */
  readonly container: string;
  /**
   * `same`: under their own names, where nobody has these; `new`: under names of their own, beside what there is;
   * `replace`: under their own names, in place of what has these, and of the container that has the name.
   */
  readonly volumes: "same" | "new" | "replace";
  /** The ports of the host that are to be published in place of those of the backup: `{ "80/tcp": "8081" }`. */
  readonly ports: Readonly<Record<string, string>>;
  /** Undefined: as it was when the backup was made, but for a copy that could write to the original's directories. */
  readonly start: boolean | undefined;
}

/** What the engine has already. */
export interface Existing {
  readonly containers: readonly ContainerInspect[];
  /** Names. */
  readonly volumes: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
}

/** What is to be known besides where a restore takes the place of what is there. */
export type Surroundings = Pick<InPlaceSubject, "backupsPath" | "inspected" | "isNeeded">;

/** What a restore creates, in this order; nothing of it is there yet, or it is removed before. */
export interface RestorePlan {
  readonly container: string;
  readonly networks: readonly NetworkDefinition[];
  readonly volumes: readonly (BackedUpVolume & { readonly newName: string })[];
  readonly create: CreatePlan;
  readonly start: boolean;
  /** What goes before; absent where nothing does. */
  readonly replaces?: InPlace | undefined;
  /** Sentences on what may not be as one expects. */
  readonly warnings: readonly string[];
}

export type RestoreDecision =
  | { readonly kind: "plan"; readonly plan: RestorePlan }
  /** A sentence for each thing that stands in the way, with what to do about it. */
  | { readonly kind: "conflicts"; readonly conflicts: readonly string[] };

const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * Decides what a restore creates, and with `replace` what it removes before; otherwise nothing that is there is ever
 * written to. `surroundings` are for `replace` only.
 */
export function planRestore(
  backup: BackupPlan,
  wish: RestoreWish,
  existing: Existing,
  surroundings: Surroundings = { backupsPath: undefined, inspected: [], isNeeded: () => false },
): RestoreDecision {
  const { container } = wish;
  const isCopy = container !== backup.container;
  const all = backup.volumes.map((volume) => ({
    ...volume,
    // A new one in the engine's own keeping, in place of what the options name.
    ...(wish.volumes === "new" && isData(volume) ? { driver: "local", options: {} } : {}),
    newName: newNameFor(volume, backup, wish, existing),
  }));
  // What is there and cannot be filled again stays, and is what the container gets.
  const isKept = ({ part, newName }: (typeof all)[number]): boolean =>
    wish.volumes === "replace" && part === undefined && existing.volumes.has(newName);
  const volumes = all.filter((volume) => !isKept(volume));
  const there = volumes.filter(({ newName }) => existing.volumes.has(newName)).map(({ newName }) => newName);
  const replaces = wish.volumes === "replace" ? inPlaceOf(container, there, existing.containers) : undefined;
  const conflicts = [
    ...conflictsOf(backup, wish, existing, volumes),
    ...(replaces === undefined
      ? []
      : inPlaceConflicts({ ...surroundings, container, all: existing.containers, volumes: replaces.volumes })),
  ];
  if (conflicts.length > 0) return { kind: "conflicts", conflicts };
  const names = new Map(all.map(({ name, newName }) => [name, newName]));
  const body = bodyFor(withoutLender(backup), { names, ports: wish.ports, isCopy });
  const connect = backup.create.connect.map(({ network, endpoint }) => ({
    network,
    endpoint: isCopy ? endpointOfCopy(endpoint) : endpoint,
  }));
  const shared = isCopy ? writableBinds(body) : [];
  const wasStarted = backup.state !== "stopped";
  return {
    kind: "plan",
    plan: {
      ...{ container, volumes, start: wish.start ?? (wasStarted && shared.length === 0) },
      networks: backup.networks.filter(({ name }) => !existing.networks.has(name)),
      create: { ...backup.create, body, connect },
      ...(replaces === undefined ? {} : { replaces }),
      warnings: [
        ...warningsOf(
          backup,
          volumes,
          all.filter(isKept).map(({ newName }) => newName),
        ),
        ...warningOfShared(shared, wish.start ?? !wasStarted),
      ],
    },
  };
}

/** It is to be filled, and is a directory, a share, or another driver's. */
function isData(volume: BackedUpVolume): boolean {
  return volume.part !== undefined && isElsewhere(volume);
}

/** Anonymous volumes get a name: nobody could tell what they are otherwise, and the next prune would take them. */
function newNameFor(
  { name, anonymous, destinations, part }: BackedUpVolume,
  { createdAt }: BackupPlan,
  { container, volumes }: RestoreWish,
  existing: Existing,
): string {
  if (volumes === "replace" && part === undefined && existing.volumes.has(name)) return name;
  const time = createdAt.replaceAll(/[-:]/g, "").slice(0, 15);
  const path = (destinations[0] ?? "").replaceAll(/[^a-zA-Z0-9]+/g, "-");
  const readable = anonymous ? `${container}${path}` : name;
  return volumes === "new" || anonymous ? `${readable}-${time}` : readable;
}

function conflictsOf(
  backup: BackupPlan,
  { container, ports, volumes: kind }: RestoreWish,
  existing: Existing,
  volumes: readonly (BackedUpVolume & { readonly newName: string })[],
): readonly string[] {
  const isInPlace = kind === "replace";
  const taken = existing.containers.some(({ Name }) => Name === `/${container}`);
  const there = volumes.filter(({ newName }) => existing.volumes.has(newName)).map(({ newName }) => newName);
  const elsewhere = volumes.filter(isData).map(({ newName }) => newName);
  const bindings = backup.create.body.HostConfig["PortBindings"] as Readonly<Record<string, unknown>> | undefined;
  const unknown = Object.keys(ports).filter((port) => !Object.hasOwn(bindings ?? {}, port));
  const found: readonly (readonly [boolean, string])[] = [
    [!volumeName.test(container), `${JSON.stringify(container)} is no name for a container.`],
    [
      taken && !isInPlace,
      `There is a container ${container} already: restore under another name, or in its place with ` +
        '`"volumes": "replace"`, or rename or remove that one first.',
    ],
    [
      there.length > 0 && !isInPlace,
      `There is a volume of this name already, and nothing is written into it: ${there.join(", ")}. Restore with new ` +
        'names for the volumes, or in the place of what is there with `"volumes": "replace"`, or remove that first.',
    ],
    [
      elsewhere.length > 0,
      "The driver options name a directory or a share, or the driver is another than local, and nothing is written into " +
        `that: ${elsewhere.join(", ")}. Restore with new names for the volumes, which then are volumes of the engine's own.`,
    ],
    [unknown.length > 0, `The container publishes no port ${unknown.join(", ")}.`],
  ];
  return found.flatMap(([holds, sentence]) => (holds ? [sentence] : []));
}

interface Change {
  /** New names of volumes by their old ones. */
  readonly names: ReadonlyMap<string, string>;
  readonly ports: RestoreWish["ports"];
  readonly isCopy: boolean;
}

/** What another container lends is backed up as well, and restored under a name of its own: it is mounted by that. */
function withoutLender({ create: { body }, inspect }: BackupPlan): CreateBody {
  const { HostConfig: host } = body;
  const lenders = host["VolumesFrom"] as readonly string[] | null | undefined;
  if (lenders === null || lenders === undefined || lenders.length === 0) return body;
  const own = (host["Mounts"] ?? []) as readonly MountRequest[];
  const mounts = [...own, ...lentMounts(inspect.Mounts, host)];
  return { ...body, HostConfig: { ...host, VolumesFrom: null, Mounts: mounts } };
}

/** The directories of the host that a container could write to. */
function writableBinds({ HostConfig: host }: CreateBody): readonly string[] {
  const binds = ((host["Binds"] ?? []) as readonly string[]).map((bind) => bind.split(":"));
  const mounts = (host["Mounts"] ?? []) as readonly MountRequest[];
  const sources = [
    ...binds
      .filter(([source, , options]) => source?.startsWith("/") && options?.split(",").includes("ro") !== true)
      .map(([source = ""]) => source),
    ...mounts.filter((mount) => mount.Type === "bind" && mount["ReadOnly"] !== true).map(({ Source }) => Source ?? ""),
  ];
  return [...new Set(sources)].sort();
}

function bodyFor(body: CreateBody, { names, ports, isCopy }: Change): CreateBody {
  const { HostConfig: host, NetworkingConfig: networking, ...config } = body;
  const isRenamed = [...names].some(([before, after]) => before !== after);
  const binds = (host["Binds"] as readonly string[] | null | undefined)?.map((bind) => renamedBind(bind, names));
  const mounts = (host["Mounts"] as readonly MountRequest[] | null | undefined)?.map((mount) =>
    mount.Type === "volume" ? renamedMount(mount, names) : mount,
  );
  const labels = config["Labels"] as Readonly<Record<string, string>> | null | undefined;
  const endpoints = Object.entries(networking.EndpointsConfig).map(
    ([network, endpoint]) => [network, isCopy ? endpointOfCopy(endpoint) : endpoint] as const,
  );
  return {
    ...config,
    Image: body.Image,
    ...(isCopy ? { MacAddress: undefined, Hostname: undefined, Labels: labelsOfCopy(labels) } : {}),
    HostConfig: {
      ...host,
      // The volumes are there by then, and the engine refuses one that is another driver's than is said here.
      ...(isRenamed && host["VolumeDriver"] !== undefined ? { VolumeDriver: "" } : {}),
      ...(binds === undefined ? {} : { Binds: binds }),
      ...(mounts === undefined ? {} : { Mounts: mounts }),
      ...(Object.keys(ports).length === 0 ? {} : { PortBindings: portsFor(host["PortBindings"], ports) }),
    },
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(endpoints) },
  };
}

function renamedBind(bind: string, names: ReadonlyMap<string, string>): string {
  const [source = "", ...rest] = bind.split(":");
  return [names.get(source) ?? source, ...rest].join(":");
}

function renamedMount(mount: MountRequest, names: ReadonlyMap<string, string>): MountRequest {
  const name = names.get(mount.Source ?? "");
  if (name === undefined || name === mount.Source) return mount;
  const { DriverConfig: _, ...options } = (mount["VolumeOptions"] ?? {}) as Readonly<Record<string, unknown>>;
  const kept = mount["VolumeOptions"] === undefined ? {} : { VolumeOptions: options };
  return { ...mount, Source: name, ...kept };
}

function portsFor(bindings: unknown, ports: RestoreWish["ports"]): Readonly<Record<string, unknown>> {
  const before = (bindings ?? {}) as Readonly<Record<string, readonly { readonly HostIp?: string }[] | null>>;
  const after = Object.entries(ports).map(([port, HostPort]) => [
    port,
    (before[port] ?? [{}]).slice(0, 1).map((binding) => ({ ...binding, HostPort })),
  ]);
  return { ...before, ...Object.fromEntries(after) };
}

/** Beside the original there is no place for its addresses, nor for the names by which others find it. */
function endpointOfCopy(endpoint: EndpointConfig): EndpointConfig {
  const { IPAMConfig: _, MacAddress: __, Aliases: ___, ...rest } = endpoint;
  return rest;
}

/** Compose would take it for the service's own container, and remove one of the two. */
function labelsOfCopy(labels: Readonly<Record<string, string>> | null | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !name.startsWith("com.docker.compose.")));
}

function warningsOf(
  { binds, warnings }: BackupPlan,
  volumes: RestorePlan["volumes"],
  left: readonly string[],
): readonly string[] {
  const empty = volumes.filter(({ part }) => part === undefined).map(({ name }) => name);
  const kept = binds.filter(({ part }) => part !== undefined).map(({ source }) => source);
  return [
    ...warnings,
    ...(empty.length === 0
      ? []
      : [`These volumes were left out of the backup and are empty now: ${empty.join(", ")}.`]),
    ...(left.length === 0
      ? []
      : [`These volumes were left out of the backup and stay as they are: ${left.join(", ")}.`]),
    ...(kept.length === 0
      ? []
      : [
          `Directories of the host are not written to; their data is in the backup, to be put back by hand: ${kept.join(", ")}.`,
        ]),
  ];
}

function warningOfShared(paths: readonly string[], isSettled: boolean): readonly string[] {
  if (paths.length === 0) return [];
  const advice = isSettled
    ? "Let only one of the two run: both at once can damage the data."
    : "It is not started, for both at once can damage the data: stop the original first, or say `start`.";
  return [`The copy can write to the directories of the original: ${paths.join(", ")}. ${advice}`];
}
