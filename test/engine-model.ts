import { createHash } from "node:crypto";
import type {
  ContainerInspect,
  EndpointConfig,
  EndpointSettings,
  ImageConfig,
  MountPoint,
  MountRequest,
} from "../src/core/inspect.ts";
import { configDefaults, hostConfigDefaults, maskedPaths, readonlyPaths } from "./engine-defaults.ts";

/**
 * What Docker 20.10 makes of a create body, as far as its inspect answer tells: a model for tests of what is sent to it,
 * which a test compares with the real engine (test/thorough/recreate-fidelity.test.ts).
 */

/** A create body; all members are optional but the image. */
export interface Request {
  readonly [member: string]: unknown;
  readonly HostConfig?: Readonly<Record<string, unknown>>;
  readonly NetworkingConfig?: { readonly EndpointsConfig?: Readonly<Record<string, EndpointConfig>> };
}

export interface Circumstances {
  readonly name: string;
  readonly image: ImageConfig;
  /** As told to the engine: what the answers look like depends on it. */
  readonly apiVersion?: string;
  readonly connect?: readonly { readonly network: string; readonly endpoint: EndpointConfig }[];
  readonly disconnect?: readonly string[];
  /** Other containers, for modes and volumes that refer to them. */
  readonly others?: readonly ContainerInspect[];
}

export const hostName = "engine-host";

/** The inspect answer of a running container that was created from `request`. */
export function createdInModel(request: Request, circumstances: Circumstances): ContainerInspect {
  const { name, image, others = [] } = circumstances;
  const id = hashOf(`container ${name}`);
  const { HostConfig: hostRequest = {}, NetworkingConfig: _, ...configRequest } = request;
  const hostConfig = hostConfigOf(hostRequest, circumstances);
  const config = configOf(configRequest, circumstances, hostConfig.NetworkMode, id);
  return {
    Id: id,
    Name: `/${name}`,
    Created: "2026-01-01T00:00:00Z",
    Image: hashOf(`image ${JSON.stringify(image)}`, "sha256:"),
    RestartCount: 0,
    State: {
      Status: "running",
      Running: true,
      Paused: false,
      Restarting: false,
      Dead: false,
      OOMKilled: false,
      ExitCode: 0,
      Error: "",
      StartedAt: "2026-01-01T00:00:01Z",
      FinishedAt: "0001-01-01T00:00:00Z",
    },
    Config: { ...config, ...requestedMac(request, hostConfig.NetworkMode) },
    HostConfig: hostConfig,
    Mounts: mountsOf(config, hostConfig, others, id),
    NetworkSettings: { Networks: networksOf(request, config, hostConfig, circumstances), Ports: {} },
  };
}

/** From API 1.44 on it is given with the endpoint, and still shown as the container's. */
function requestedMac(request: Request, mode: string): { readonly MacAddress?: string } {
  const primary = mode === "default" ? "bridge" : mode;
  const mac = request.NetworkingConfig?.EndpointsConfig?.[primary]?.MacAddress;
  return mac === undefined ? {} : { MacAddress: mac };
}

/** A digest, and so an id, of a text. */
export function hashOf(text: string, prefix = ""): string {
  return `${prefix}${createHash("sha256").update(text).digest("hex")}`;
}

type Config = ContainerInspect["Config"];
type HostConfig = ContainerInspect["HostConfig"];

/** `merge` in moby's daemon/commit.go. */
function configOf(
  request: Readonly<Record<string, unknown>>,
  { image, others = [] }: Circumstances,
  mode: string,
  id: string,
): Config {
  const user = { ...configDefaults, ...request } as unknown as Config;
  const isBare = (user.Entrypoint ?? []).length === 0;
  const cmd = isBare && (user.Cmd ?? []).length === 0 ? image.Cmd : user.Cmd;
  const entrypoint = user.Entrypoint ?? image.Entrypoint ?? null;
  const health = { ...image.Healthcheck, ...nonEmpty({ ...user.Healthcheck }) };
  const exposed = { ...image.ExposedPorts, ...user.ExposedPorts };
  const volumes = { ...image.Volumes, ...user.Volumes };
  const healthcheck = Object.keys(health).length === 0 ? {} : { Healthcheck: health };
  return {
    ...user,
    Hostname: user.Hostname || hostnameFor(mode, id, others),
    User: user.User || image.User || "",
    WorkingDir: user.WorkingDir || image.WorkingDir || "",
    StopSignal: user.StopSignal || image.StopSignal,
    Env: environmentOf(user.Env ?? [], image.Env ?? []),
    Labels: { ...image.Labels, ...user.Labels },
    Cmd: cmd ?? null,
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === "" ? null : entrypoint,
    ...healthcheck,
    ...(Object.keys(exposed).length === 0 ? {} : { ExposedPorts: exposed }),
    Volumes: Object.keys(volumes).length === 0 ? null : volumes,
  };
}

function hostnameFor(mode: string, id: string, others: readonly ContainerInspect[]): string {
  if (mode === "host") return hostName;
  if (!mode.startsWith("container:")) return id.slice(0, 12);
  return search(others, mode.slice("container:".length))?.Config.Hostname ?? "";
}

function nonEmpty(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value && (value as string).length !== 0));
}

function environmentOf(user: readonly string[], image: readonly string[]): readonly string[] {
  const keyOf = (entry: string) => entry.split("=")[0];
  const own = new Set(user.map(keyOf));
  return [...user, ...image.filter((entry) => !own.has(keyOf(entry)))];
}

function hostConfigOf(request: Readonly<Record<string, unknown>>, { name, others = [] }: Circumstances): HostConfig {
  const given = Object.fromEntries(
    Object.entries(request).map(([member, value]) => {
      if (typeof value !== "string" || !value.startsWith("container:")) return [member, value];
      const reference = value.slice("container:".length);
      // One that is not there is noticed at the start only.
      return [member, `container:${search(others, reference)?.Id ?? reference}`];
    }),
  );
  const all: Readonly<Record<string, unknown>> = { ...hostConfigDefaults, ...given };
  const isPrivileged = all["Privileged"] === true;
  // SELinux labels make no sense where a namespace is shared with the host.
  const isUnlabelled = isPrivileged || all["PidMode"] === "host" || all["IpcMode"] === "host";
  const labels = ((all["SecurityOpt"] ?? []) as readonly string[]).filter((option) => option !== "label=disable");
  const links = all["Links"] as readonly string[] | null;
  return {
    ...all,
    ContainerIDFile: "",
    RestartPolicy: { MaximumRetryCount: 0, ...(all["RestartPolicy"] as object) },
    MemorySwap: all["MemorySwap"] || Number(all["Memory"]) * 2,
    SecurityOpt: isUnlabelled ? [...labels, "label=disable"] : all["SecurityOpt"],
    MaskedPaths: all["MaskedPaths"] ?? (isPrivileged ? null : maskedPaths),
    ReadonlyPaths: all["ReadonlyPaths"] ?? (isPrivileged ? null : readonlyPaths),
    // In networks of the user's own the endpoint has them.
    Links: links !== null && all["NetworkMode"] === "default" ? links.map((link) => storedLink(link, name)) : null,
  } as unknown as HostConfig;
}

function storedLink(link: string, name: string): string {
  const [child = "", alias = ""] = link.split(":");
  return `/${child.replace(/^\//, "")}:/${name}/${alias.split("/").at(-1)}`;
}

function find(others: readonly ContainerInspect[], reference: string): ContainerInspect {
  const found = search(others, reference);
  if (found === undefined) throw new Error(`no such container: ${reference}`);
  return found;
}

function search(others: readonly ContainerInspect[], reference: string): ContainerInspect | undefined {
  return others.find(({ Id, Name }) => Id === reference || Name === `/${reference}`);
}

function mountsOf(
  config: Config,
  hostConfig: HostConfig,
  others: readonly ContainerInspect[],
  id: string,
): readonly MountPoint[] {
  const mounts = new Map<string, MountPoint>();
  const volume = (destination: string, name: string | undefined, rw = true) => {
    const known = name || hashOf(`volume ${id} ${destination}`);
    mounts.set(destination, {
      Type: "volume",
      Name: known,
      Source: `/volumes/${known}`,
      Destination: destination,
      RW: rw,
      Propagation: "",
    });
  };
  for (const source of hostConfig.VolumesFrom ?? []) {
    const [reference = "", mode = ""] = source.split(":");
    for (const lent of find(others, reference).Mounts)
      mounts.set(lent.Destination, { ...lent, RW: lent.RW && mode !== "ro" });
  }
  for (const bind of hostConfig.Binds ?? []) {
    const [source = "", destination, options = ""] = bind.split(":");
    const rw = !options.split(",").includes("ro");
    if (destination === undefined) volume(source, undefined);
    else if (source.startsWith("/"))
      mounts.set(destination, {
        Type: "bind",
        Source: source,
        Destination: destination,
        RW: rw,
        Propagation: "rprivate",
      });
    else volume(destination, source, rw);
  }
  for (const request of hostConfig.Mounts ?? ([] as MountRequest[])) {
    if (request.Type === "volume") volume(request.Target, request.Source, request["ReadOnly"] !== true);
    else
      mounts.set(request.Target, {
        Type: request.Type,
        Source: request.Source ?? "",
        Destination: request.Target,
        RW: request["ReadOnly"] !== true,
        Propagation: "rprivate",
      });
  }
  const tmpfs = Object.keys(hostConfig.Tmpfs ?? {});
  for (const destination of Object.keys(config.Volumes ?? {})) {
    if (!mounts.has(destination) && !tmpfs.includes(destination)) volume(destination, undefined);
  }
  return [...mounts.values()];
}

function networksOf(
  request: Request,
  config: Config,
  { NetworkMode: mode }: HostConfig,
  { connect = [], disconnect = [], apiVersion = "1.41", name }: Circumstances,
): Readonly<Record<string, EndpointSettings>> {
  if (mode.startsWith("container:") || config["NetworkDisabled"] === true) return {};
  const primary = mode === "default" ? "bridge" : mode;
  const asked = Object.entries(request.NetworkingConfig?.EndpointsConfig ?? {});
  const joined = [
    ...(asked.length === 0 ? [[primary, {}] as const] : asked),
    ...connect.map(({ network, endpoint }) => [network, endpoint] as const),
  ].filter(([network]) => !disconnect.includes(network));
  const id = hashOf(`container ${name}`);
  const added = [id.slice(0, 12), ...(config.Hostname && config.Hostname !== id.slice(0, 12) ? [config.Hostname] : [])];
  return Object.fromEntries(
    joined.map(([network, endpoint]) => {
      const isOwn = !["bridge", "host", "none"].includes(network);
      const aliases =
        isOwn && apiVersion < "1.45" ? [...new Set([...(endpoint.Aliases ?? []), ...added])] : endpoint.Aliases;
      const last = (Number.parseInt(hashOf(`${network} ${name}`).slice(0, 2), 16) % 250) + 2;
      const address = (endpoint.IPAMConfig?.["IPv4Address"] as string | undefined) ?? `172.18.0.${last}`;
      const derived = `02:42:${address
        .split(".")
        .map((part) => Number(part).toString(16).padStart(2, "0"))
        .join(":")}`;
      return [
        network,
        {
          IPAMConfig: endpoint.IPAMConfig ?? null,
          Links: endpoint.Links ?? null,
          Aliases: aliases ?? null,
          NetworkID: hashOf(`network ${network}`),
          EndpointID: hashOf(`endpoint ${network} ${name}`),
          Gateway: "172.18.0.1",
          IPAddress: ["host", "none"].includes(network) ? "" : address,
          MacAddress: ["host", "none"].includes(network)
            ? ""
            : (endpoint.MacAddress ?? (network === primary ? config.MacAddress : undefined) ?? derived),
          DriverOpts: endpoint.DriverOpts ?? null,
        },
      ];
    }),
  );
}
