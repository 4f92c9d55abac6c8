import { z } from "zod";
import { stateNameFrom } from "../core/container-state.ts";
import type { ContainerInspect, FileChange, ImageConfig, ImageInspect } from "../core/inspect.ts";

/** The engine's answers, checked only where Gangway reads them; all other members pass through. API 1.41 to 1.51. */

const texts = z.array(z.string()).nullish();
const labels = z.record(z.string(), z.string()).nullish();
const flags = z.record(z.string(), z.unknown()).nullish();
/** The engine's numbers: beyond 2^53 they arrive as raw JSON, which is passed on and never computed with. */
const count = z.number();

const imageConfig = z.looseObject({
  User: z.string().optional(),
  WorkingDir: z.string().optional(),
  StopSignal: z.string().optional(),
  Env: texts,
  Labels: labels,
  Entrypoint: texts,
  Cmd: texts,
  Healthcheck: z
    .looseObject({
      Test: texts,
      Interval: count.optional(),
      Timeout: count.optional(),
      StartPeriod: count.optional(),
      StartInterval: count.optional(),
      Retries: count.optional(),
    })
    .nullish(),
  ExposedPorts: flags,
  Volumes: flags,
}) satisfies z.ZodType<ImageConfig>;

const portBindings = z.record(
  z.string(),
  z.array(z.looseObject({ HostIp: z.string().optional(), HostPort: z.string().optional() })).nullable(),
);

const hostConfig = z.looseObject({
  NetworkMode: z.string(),
  IpcMode: z.string().optional(),
  PidMode: z.string().optional(),
  UTSMode: z.string().optional(),
  AutoRemove: z.boolean().optional(),
  RestartPolicy: z.looseObject({ Name: z.string(), MaximumRetryCount: count.optional() }).nullish(),
  Binds: texts,
  Mounts: z.array(z.looseObject({ Type: z.string(), Source: z.string().optional(), Target: z.string() })).nullish(),
  Tmpfs: labels,
  VolumesFrom: texts,
  Links: texts,
  PortBindings: portBindings.nullish(),
  Devices: z.array(z.record(z.string(), z.unknown())).nullish(),
  MaskedPaths: texts,
  ReadonlyPaths: texts,
  Sysctls: labels,
});

const endpoint = z.looseObject({
  IPAMConfig: z.record(z.string(), z.unknown()).nullish(),
  Links: texts,
  Aliases: texts,
  NetworkID: z.string().optional(),
  IPAddress: z.string().optional(),
  MacAddress: z.string().optional(),
  DriverOpts: labels,
  GwPriority: count.optional(),
});

const platform = z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

/** `GET /containers/{id}/json` */
export const containerInspect: z.ZodType<ContainerInspect> = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Image: z.string(),
  RestartCount: count,
  State: z
    .looseObject({
      Status: z.string(),
      Running: z.boolean(),
      Paused: z.boolean(),
      Restarting: z.boolean(),
      Dead: z.boolean(),
      OOMKilled: z.boolean(),
      ExitCode: count,
      Error: z.string(),
      StartedAt: z.string(),
      FinishedAt: z.string(),
      Health: z.looseObject({ Status: z.string(), FailingStreak: count }).nullish(),
    })
    .transform((state) => ({ ...state, Status: stateNameFrom(state.Status, state.Running) })),
  Config: imageConfig.extend({
    Image: z.string(),
    Hostname: z.string().optional(),
    Domainname: z.string().optional(),
    MacAddress: z.string().optional(),
  }),
  HostConfig: hostConfig,
  Mounts: z.array(
    z.looseObject({
      Type: z.string(),
      Name: z.string().optional(),
      Source: z.string(),
      Destination: z.string(),
      RW: z.boolean(),
    }),
  ),
  NetworkSettings: z.looseObject({
    Networks: z.record(z.string(), endpoint),
    Ports: portBindings.nullish().transform((ports) => ports ?? {}),
  }),
  Platform: z.string().optional(),
  ImageManifestDescriptor: z.looseObject({ digest: z.string().optional(), platform: platform.optional() }).nullish(),
});

/** `GET /images/{name}/json` */
export const imageInspect: z.ZodType<ImageInspect> = z.looseObject({
  Id: z.string(),
  RepoTags: texts.transform((tags) => tags ?? []),
  RepoDigests: texts.transform((digests) => digests ?? []),
  Config: imageConfig.nullish().transform((config): ImageConfig => config ?? {}),
  Os: z.string(),
  Architecture: z.string(),
  Variant: z.string().optional(),
  Created: z.string().optional(),
  Metadata: z.looseObject({ LastTagTime: z.string().optional() }).nullish(),
  RootFS: z.looseObject({ Layers: texts }).nullish(),
  Identity: z
    .looseObject({
      Build: z.array(z.unknown()).nullish(),
      Pull: z.array(z.looseObject({ Repository: z.string().optional() })).nullish(),
    })
    .nullish(),
});

/** `GET /images/json` */
export const imageList = z.array(
  z.looseObject({ Id: z.string(), RepoTags: texts, RepoDigests: texts, Created: z.number() }),
);

/** `GET /containers/json` */
export const containerList = z.array(
  z.looseObject({
    Id: z.string(),
    Names: texts.transform((names) => names ?? []),
    State: z.string().transform((word) => stateNameFrom(word, false)),
    ImageID: z.string().default(""),
  }),
);

const changeKinds = ["modified", "added", "deleted"] as const;

/** `GET /containers/{id}/changes`; null where there are none. */
export const fileChanges: z.ZodType<readonly FileChange[]> = z
  .array(z.looseObject({ Path: z.string(), Kind: z.literal([0, 1, 2]) }))
  .nullable()
  .transform((changes) => (changes ?? []).map(({ Path: path, Kind }) => ({ path, kind: changeKinds[Kind] })));

/** The header `X-Docker-Container-Path-Stat`, decoded. `mode` is Go's `fs.FileMode`. */
export const pathStat = z.looseObject({ size: z.number(), mode: z.number(), mtime: z.string() });

/** The id in the answer to `POST /containers/create`. */
export const created = z.string().min(1);

/** `GET /version` */
export const version = z.looseObject({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().optional(),
});

/** `GET /info` */
export const info = z.looseObject({
  Name: z.string(),
  DriverStatus: z.array(z.array(z.string())).nullish(),
  RegistryConfig: z
    .looseObject({
      InsecureRegistryCIDRs: texts,
      IndexConfigs: z.record(z.string(), z.looseObject({ Secure: z.boolean() })).nullish(),
    })
    .nullish(),
});

/** A line of `GET /events`. Nothing but `Type`, `Action` and `Actor` is in all API versions. */
export const eventLine = z.looseObject({
  Type: z.string(),
  Action: z.string(),
  Actor: z.looseObject({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
  time: z.number().optional(),
  /** Beyond 2^53: exact only as text. */
  timeNano: z.unknown().optional(),
  /** Podman's place for what Docker puts behind `health_status: `. */
  HealthStatus: z.string().optional(),
});

/** A line of `POST /images/create`. */
export const pullLine = z.looseObject({
  id: z.string().optional(),
  status: z.string().optional(),
  progressDetail: z
    .looseObject({
      current: z.number().optional(),
      total: z.number().optional(),
      units: z.string().optional(),
    })
    .nullish(),
  error: z.string().optional(),
  errorDetail: z.looseObject({ message: z.string().optional() }).nullish(),
  /** Podman's form of an error before the first progress line. */
  message: z.string().optional(),
});

const counter = z.number().nullish();

/** `GET /containers/{id}/stats?stream=false` */
export const stats = z.looseObject({
  read: z.string(),
  cpu_stats: z
    .looseObject({
      cpu_usage: z.looseObject({ total_usage: counter, percpu_usage: z.array(z.unknown()).nullish() }).nullish(),
      online_cpus: counter,
    })
    .nullish(),
  memory_stats: z
    .looseObject({ usage: counter, limit: counter, stats: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
  networks: z.record(z.string(), z.looseObject({ rx_bytes: counter, tx_bytes: counter })).nullish(),
  blkio_stats: z
    .looseObject({
      io_service_bytes_recursive: z.array(z.looseObject({ op: z.string(), value: z.number() })).nullish(),
    })
    .nullish(),
  pids_stats: z.looseObject({ current: counter }).nullish(),
});
