import { isDeepStrictEqual } from "node:util";
import type { ContainerInspect, EndpointSettings, ImageConfig, MountPoint } from "../src/core/inspect.ts";

/** A container, the one that replaced it, and the images that explain what may differ between them. */
export interface Replacement {
  readonly before: ContainerInspect;
  readonly after: ContainerInspect;
  /** Empty where the engine had no record of it: all settings count as the user's own then. */
  readonly oldImage: ImageConfig;
  readonly newImage: { readonly Id: string; readonly Config: ImageConfig };
  /** Names by id, of the containers before and after. */
  readonly containers: ReadonlyMap<string, string>;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * The differences between two inspect answers that neither the images nor the nature of a new container explain, a line
 * each. It shares no code with what it judges.
 */
export function differencesBetween(replacement: Replacement): readonly string[] {
  return [
    ...configDifferences(replacement),
    ...hostConfigDifferences(replacement),
    ...mountDifferences(replacement),
    ...networkDifferences(replacement),
    ...compare("Platform", replacement.before.Platform, replacement.after.Platform),
  ];
}

function compare(what: string, expected: unknown, found: unknown): readonly string[] {
  return isDeepStrictEqual(expected, found)
    ? []
    : [`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`];
}

function compareMembers(what: string, expected: Members, found: Members): readonly string[] {
  const members = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...members].flatMap((member) => compare(`${what}.${member}`, expected[member], found[member]));
}

function configDifferences(replacement: Replacement): readonly string[] {
  const { before, after, oldImage, newImage } = replacement;
  const { Config: was } = before;
  const image = newImage.Config;
  const swapped = (member: keyof ImageConfig) =>
    isDeepStrictEqual(was[member] || undefined, oldImage[member] || undefined) ? image[member] || "" : was[member];
  const published = Object.keys(after.HostConfig.PortBindings ?? {}).map((port) => [port, {}]);
  const exposed = {
    ...beyond(was.ExposedPorts, oldImage.ExposedPorts),
    ...Object.fromEntries(published),
    ...image.ExposedPorts,
  };
  const expected: Members = {
    ...was,
    Hostname: expectedHostname(replacement),
    Image: after.Config.Image,
    User: swapped("User"),
    WorkingDir: swapped("WorkingDir"),
    StopSignal: swapped("StopSignal"),
    Env: pairs(environment(was.Env, oldImage.Env, image.Env)),
    Labels: expectedLabels({ before, oldImage, newImage }),
    ...expectedCommand(was, oldImage, image),
    Healthcheck: orNothing({ ...image.Healthcheck, ...beyond(was.Healthcheck, oldImage.Healthcheck) }),
    ExposedPorts: orNothing(exposed),
    Volumes: orNothing({ ...beyond(was.Volumes, oldImage.Volumes), ...image.Volumes }),
    ...Object.fromEntries(["OnBuild", "Shell", "ArgsEscaped"].map((member) => [member, after.Config[member]])),
  };
  const found: Members = {
    ...after.Config,
    StopSignal: after.Config.StopSignal ?? "",
    Env: pairs(after.Config.Env ?? []),
    Labels: after.Config.Labels ?? {},
    Entrypoint: after.Config.Entrypoint ?? null,
    Cmd: after.Config.Cmd ?? null,
    Healthcheck: orNothing(after.Config.Healthcheck ?? {}),
    ExposedPorts: orNothing(after.Config.ExposedPorts ?? {}),
    Volumes: orNothing(after.Config.Volumes ?? {}),
  };
  return compareMembers("Config", expected, found);
}

/** In another's network it is the other's, and shown after a start only. */
function expectedHostname({ before, after }: Replacement): unknown {
  if (before.HostConfig.NetworkMode.startsWith("container:")) return after.Config.Hostname;
  return before.Config.Hostname === before.Id.slice(0, 12) ? after.Id.slice(0, 12) : before.Config.Hostname;
}

function beyond(own: object | null | undefined, image: object | null | undefined): Members {
  const known = new Map(Object.entries(image ?? {}));
  return Object.fromEntries(
    Object.entries(own ?? {}).filter(([key, value]) => !(known.has(key) && isDeepStrictEqual(known.get(key), value))),
  );
}

function orNothing(members: object): unknown {
  return Object.keys(members).length === 0 ? null : members;
}

type List = readonly string[] | null | undefined;

function environment(was: List, old: List, image: List): readonly string[] {
  const own = (was ?? []).filter((entry) => !(old ?? []).includes(entry));
  const names = own.map((entry) => entry.split("=")[0]);
  return [...own, ...(image ?? []).filter((entry) => !names.includes(entry.split("=")[0]))];
}

function pairs(environmentEntries: readonly string[]): readonly string[] {
  return environmentEntries.toSorted();
}

function expectedLabels({
  before,
  oldImage,
  newImage,
}: Pick<Replacement, "before" | "oldImage" | "newImage">): Members {
  const was = before.Config.Labels ?? {};
  const own = Object.entries(was).filter(
    ([name, value]) => oldImage.Labels?.[name] !== value || /^(?:com\.docker\.|gangway\.)/.test(name),
  );
  const compose = was["com.docker.compose.image"] === undefined ? {} : { "com.docker.compose.image": newImage.Id };
  return { ...newImage.Config.Labels, ...Object.fromEntries(own), ...compose };
}

/** By the rules of `docker run`: a command given without an entrypoint is the image's entrypoint's. */
function expectedCommand(
  was: Pick<ImageConfig, "Entrypoint" | "Cmd">,
  old: ImageConfig,
  image: ImageConfig,
): { readonly Entrypoint: unknown; readonly Cmd: unknown } {
  const isImagesEntrypoint = isDeepStrictEqual(was.Entrypoint ?? [], old.Entrypoint ?? []);
  const isImagesCommand = isDeepStrictEqual(was.Cmd ?? [], old.Cmd ?? []);
  const isCleared = (was.Cmd ?? []).length === 0 && !isImagesCommand;
  const isFilled = isImagesCommand && Array.isArray(was.Entrypoint) && was.Entrypoint.length === 0;
  if (isImagesEntrypoint && !isCleared) {
    return { Entrypoint: image.Entrypoint ?? null, Cmd: (isImagesCommand ? image.Cmd : was.Cmd) ?? null };
  }
  return { Entrypoint: was.Entrypoint ?? null, Cmd: (isFilled ? image.Cmd : was.Cmd) ?? null };
}

function hostConfigDifferences(replacement: Replacement): readonly string[] {
  const { before, after } = replacement;
  return [
    ...compareMembers("HostConfig", comparable(before, replacement), comparable(after, replacement)),
    ...mountRequestDifferences(before, after),
  ];
}

/** The host configuration without what is compared elsewhere, with names for ids. */
function comparable({ HostConfig, NetworkSettings }: ContainerInspect, { containers }: Replacement): Members {
  const { Binds, Mounts: _, ContainerIDFile: __, Capabilities: ___, KernelMemoryTCP: ____, ...rest } = HostConfig;
  const nameOf = (reference: string) => containers.get(reference) ?? reference;
  const modeOf = (mode: unknown) =>
    typeof mode === "string" && mode.startsWith("container:") ? `container:${nameOf(mode.slice(10))}` : mode;
  const network = Object.entries(NetworkSettings.Networks).find(
    ([, { NetworkID: id }]) => id !== "" && id === HostConfig.NetworkMode,
  );
  const bindings = Object.entries(HostConfig.PortBindings ?? {}).filter(([, list]) => (list ?? []).length > 0);
  const links = HostConfig.Links?.map((link) => link.replace(/^\//, "").replace(/:\/.*\//, ":"));
  const sources = HostConfig.VolumesFrom?.map((source) => source.replace(/^[^:]*/, nameOf));
  return {
    ...rest,
    NetworkMode: network?.[0] ?? modeOf(HostConfig.NetworkMode),
    IpcMode: modeOf(HostConfig.IpcMode),
    PidMode: modeOf(HostConfig.PidMode),
    PortBindings: Object.fromEntries(bindings),
    Links: links?.toSorted() ?? [],
    VolumesFrom: sources ?? [],
    Binds: (Binds ?? []).filter((bind) => bind.includes(":")),
  };
}

/** Every mount that was asked for is asked for again; new ones only name what was mounted without a name. */
function mountRequestDifferences(before: ContainerInspect, after: ContainerInspect): readonly string[] {
  const was = before.HostConfig.Mounts ?? [];
  const volumeAt = (path: string) => {
    const mount = before.Mounts.find(({ Destination }) => Destination === path);
    return mount?.Name ?? mount?.Source.split("/").at(-2);
  };
  const named = was.map((request) =>
    request.Type === "volume" && !request.Source ? { ...request, Source: volumeAt(request.Target) } : request,
  );
  const found = after.HostConfig.Mounts ?? [];
  const added = found.slice(was.length);
  return [
    ...compare("HostConfig.Mounts", named, found.slice(0, was.length)),
    ...added.flatMap(({ Type, Source, Target }) =>
      Type === "volume" && Source === volumeAt(Target) ? [] : [`HostConfig.Mounts: ${Target} was added`],
    ),
  ];
}

function mountDifferences({ before, after, newImage }: Replacement): readonly string[] {
  const view = ({ Type, Source, RW, Propagation }: MountPoint) => ({ Type, Source, RW, Propagation });
  const found = new Map(after.Mounts.map((mount) => [mount.Destination, mount]));
  const known = new Set(before.Mounts.map(({ Destination }) => Destination));
  const duplicates = after.Mounts.length - found.size;
  return [
    ...before.Mounts.flatMap((mount) => {
      const same = found.get(mount.Destination);
      return compare(`Mounts ${mount.Destination}`, view(mount), same === undefined ? undefined : view(same));
    }),
    ...[...found.keys()]
      .filter((path) => !known.has(path) && newImage.Config.Volumes?.[path] === undefined)
      .map((path) => `Mounts ${path}: nobody asked for it`),
    ...(duplicates === 0 ? [] : [`Mounts: ${duplicates} mounted twice`]),
  ];
}

function networkDifferences({ before, after }: Replacement): readonly string[] {
  const was = before.NetworkSettings.Networks;
  const is = after.NetworkSettings.Networks;
  const common = Object.keys(was).filter((network) => is[network] !== undefined);
  return [
    ...compare("Networks", Object.keys(was).toSorted(), Object.keys(is).toSorted()),
    ...common.flatMap((network) =>
      compareMembers(`Networks.${network}`, endpointView(before, was[network]), endpointView(after, is[network])),
    ),
    ...publishedDifferences(before, after),
  ];
}

/** The network's id is shown after a start only; its name is compared already. */
function endpointView({ Id, Config }: ContainerInspect, endpoint: EndpointSettings | undefined): Members {
  const { IPAMConfig, Links, Aliases, DriverOpts, GwPriority } = endpoint ?? {};
  return {
    IPAMConfig: orNothing(IPAMConfig ?? {}),
    Links: Links ?? [],
    Aliases: (Aliases ?? []).filter((alias) => alias !== Id.slice(0, 12) && alias !== Config.Hostname).toSorted(),
    DriverOpts: orNothing(DriverOpts ?? {}),
    GwPriority,
  };
}

/** Ports with a fixed place on the host; of running containers only. */
function publishedDifferences(before: ContainerInspect, after: ContainerInspect): readonly string[] {
  if (!before.State.Running || !after.State.Running) return [];
  const fixed = Object.entries(before.HostConfig.PortBindings ?? {}).filter(([, list]) =>
    (list ?? []).some(({ HostPort }) => HostPort !== undefined && HostPort !== ""),
  );
  return fixed.flatMap(([port]) =>
    compare(`Ports ${port}`, before.NetworkSettings.Ports[port], after.NetworkSettings.Ports[port]),
  );
}
