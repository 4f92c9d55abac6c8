/**
 * The engine's own answers (Engine API 1.41 to 1.51, https://docs.docker.com/reference/api/engine/): the members that
 * Gangway reads by name. All others are carried along untouched, so that a recreated container keeps settings that
 * this program has never heard of.
 */

/** `GET /containers/{id}/json` */
export interface ContainerInspect {
  readonly Id: string;
  /** With the engine's leading slash. */
  readonly Name: string;
  readonly Created: string;
  /** The image's id, not its name. */
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: ContainerState;
  readonly Config: ContainerConfig;
  readonly HostConfig: HostConfig;
  readonly Mounts: readonly MountPoint[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, EndpointSettings>>;
    readonly Ports: Readonly<Record<string, readonly PortBinding[] | null>>;
  };
  readonly Platform?: string | undefined;
  /** API 1.48 and later, containerd image store only. */
  readonly ImageManifestDescriptor?: ManifestDescriptor | null | undefined;
}

export interface ManifestDescriptor {
  readonly digest?: string | undefined;
  readonly platform?: Platform | undefined;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

export const containerStates = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;
export type ContainerStateName = (typeof containerStates)[number];

export const healthStates = ["none", "starting", "healthy", "unhealthy"] as const;
export type HealthState = (typeof healthStates)[number];

export interface ContainerState {
  readonly Status: ContainerStateName;
  readonly Running: boolean;
  readonly Paused: boolean;
  readonly Restarting: boolean;
  readonly Dead: boolean;
  readonly OOMKilled: boolean;
  readonly ExitCode: number;
  readonly Error: string;
  /** RFC 3339; `0001-01-01T00:00:00Z` for never. */
  readonly StartedAt: string;
  readonly FinishedAt: string;
  readonly Health?: { readonly Status: string; readonly FailingStreak: number } | null | undefined;
}

export interface Healthcheck {
  /** `[]` inherits, `["NONE"]` disables, else `["CMD", …]` or `["CMD-SHELL", "…"]`. */
  readonly Test?: readonly string[] | null | undefined;
  /** Nanoseconds, each; 0 or absent inherits. */
  readonly Interval?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly StartPeriod?: number | undefined;
  readonly StartInterval?: number | undefined;
  readonly Retries?: number | undefined;
}

/** What a container and an image both have under `Config`. */
export interface ImageConfig {
  readonly [member: string]: unknown;
  readonly User?: string | undefined;
  readonly WorkingDir?: string | undefined;
  /** Podman gives the number, as text. */
  readonly StopSignal?: string | undefined;
  readonly Env?: readonly string[] | null | undefined;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly Entrypoint?: readonly string[] | null | undefined;
  readonly Cmd?: readonly string[] | null | undefined;
  readonly Healthcheck?: Healthcheck | null | undefined;
  readonly ExposedPorts?: Readonly<Record<string, unknown>> | null | undefined;
  readonly Volumes?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface ContainerConfig extends ImageConfig {
  /** The reference that the container was created from, as the user wrote it. */
  readonly Image: string;
  readonly Hostname?: string | undefined;
  readonly Domainname?: string | undefined;
  /** Only below API 1.52, and only where one was asked for. */
  readonly MacAddress?: string | undefined;
}

export interface RestartPolicy {
  readonly Name: string;
  readonly MaximumRetryCount?: number | undefined;
}

export interface PortBinding {
  readonly HostIp?: string | undefined;
  readonly HostPort?: string | undefined;
}

export interface HostConfig {
  readonly [member: string]: unknown;
  readonly NetworkMode: string;
  readonly IpcMode?: string | undefined;
  readonly PidMode?: string | undefined;
  readonly UTSMode?: string | undefined;
  readonly AutoRemove?: boolean | undefined;
  readonly RestartPolicy?: RestartPolicy | null | undefined;
  readonly Binds?: readonly string[] | null | undefined;
  readonly Mounts?: readonly MountRequest[] | null | undefined;
  readonly Tmpfs?: Readonly<Record<string, string>> | null | undefined;
  readonly VolumesFrom?: readonly string[] | null | undefined;
  readonly Links?: readonly string[] | null | undefined;
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[] | null>> | null | undefined;
  readonly Devices?: readonly Readonly<Record<string, unknown>>[] | null | undefined;
  readonly MaskedPaths?: readonly string[] | null | undefined;
  readonly ReadonlyPaths?: readonly string[] | null | undefined;
  readonly Sysctls?: Readonly<Record<string, string>> | null | undefined;
}

/** An entry of `HostConfig.Mounts`: what was asked for. */
export interface MountRequest {
  readonly [member: string]: unknown;
  readonly Type: string;
  readonly Source?: string | undefined;
  readonly Target: string;
}

/** An entry of `Mounts`: what is mounted. */
export interface MountPoint {
  readonly Type: string;
  /** The volume's name, where it is one. */
  readonly Name?: string | undefined;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
  /** Of binds: `rprivate`, `rslave`, …; empty for volumes. */
  readonly Propagation?: string | undefined;
}

/** `GET /containers/{id}/changes`: what its writable layer has that its image has not. */
export interface FileChange {
  readonly path: string;
  readonly kind: "modified" | "added" | "deleted";
}

/** `HEAD /containers/{id}/archive`: what is at a path of its file system. */
export interface FileStat {
  readonly isRegular: boolean;
  readonly bytes: number;
  /** RFC 3339, with as many decimals as the file system has. */
  readonly modifiedAt: string;
}

/** A regular file in a container. */
export interface ContainerFile {
  readonly path: string;
  readonly content: Buffer;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface EndpointSettings {
  readonly [member: string]: unknown;
  readonly IPAMConfig?: Readonly<Record<string, unknown>> | null | undefined;
  readonly Links?: readonly string[] | null | undefined;
  readonly Aliases?: readonly string[] | null | undefined;
  readonly NetworkID?: string | undefined;
  readonly IPAddress?: string | undefined;
  readonly MacAddress?: string | undefined;
  readonly DriverOpts?: Readonly<Record<string, string>> | null | undefined;
  readonly GwPriority?: number | undefined;
}

/** `GET /images/{name}/json` */
export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Config: ImageConfig;
  readonly Os: string;
  readonly Architecture: string;
  readonly Variant?: string | undefined;
  readonly Created?: string | undefined;
  /** RFC 3339; year 1 for never. When a tag was last given to it here, as by a pull. */
  readonly Metadata?: { readonly LastTagTime?: string | undefined } | null | undefined;
  readonly RootFS?: { readonly Layers?: readonly string[] | null | undefined } | null | undefined;
  /** API 1.53 and later: where the image came from. */
  readonly Identity?:
    | {
        readonly Build?: readonly unknown[] | null | undefined;
        readonly Pull?: readonly { readonly Repository?: string | undefined }[] | null | undefined;
      }
    | null
    | undefined;
}

/** The body of `POST /containers/create`. */
export interface CreateBody {
  readonly [member: string]: unknown;
  readonly Image: string;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly NetworkingConfig: { readonly EndpointsConfig: Readonly<Record<string, EndpointConfig>> };
}

/** What `create` and `connect` take for one network. */
export interface EndpointConfig {
  readonly IPAMConfig?: Readonly<Record<string, unknown>>;
  readonly Links?: readonly string[];
  readonly Aliases?: readonly string[];
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly GwPriority?: number;
  readonly MacAddress?: string;
}
