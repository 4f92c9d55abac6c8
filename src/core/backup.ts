import type { ContainerInspect, CreateBody, EndpointConfig, ImageConfig, Platform } from "./inspect.ts";

/** How the containers that write to what is backed up are kept from it meanwhile. */
export const consistencies = ["stop", "pause", "live"] as const;
export type Consistency = (typeof consistencies)[number];

export const compressions = ["zstd", "gzip", "none"] as const;
export type Compression = (typeof compressions)[number];

/** The number in `schema` of the plans and manifests that this program writes. */
export const backupSchema = 1;

/** `plan.json`, the first member of a backup: everything but the data. */
export interface BackupPlan {
  readonly format: "gangway-backup";
  readonly schema: typeof backupSchema;
  /** Gangway's release. */
  readonly gangway: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly node: string;
  readonly container: string;
  readonly engine: { readonly version: string; readonly apiVersion: string; readonly hostName: string };
  readonly consistency: Consistency;
  /** The names of the containers that were stopped or paused while the data was read. */
  readonly halted: readonly string[];
  /** How the container was before. */
  readonly state: "running" | "paused" | "stopped";
  readonly image: BackedUpImage;
  readonly create: CreatePlan;
  readonly networks: readonly NetworkDefinition[];
  readonly volumes: readonly BackedUpVolume[];
  readonly binds: readonly BackedUpBind[];
  /** Where the container has file systems in memory: their content is nowhere. */
  readonly tmpfs: readonly string[];
  /** Sentences on what is not in it, or may not be as one expects. */
  readonly warnings: readonly string[];
  /** As the engine described the container. */
  readonly inspect: ContainerInspect;
}

/** What to create, and what to do with it before it starts; references to others are by name. */
export interface CreatePlan {
  readonly body: CreateBody;
  readonly platform?: Platform | undefined;
  readonly connect: readonly { readonly network: string; readonly endpoint: EndpointConfig }[];
  readonly disconnect: readonly string[];
}

export interface BackedUpImage {
  /** What the container was created from. */
  readonly reference: string;
  readonly id: string;
  /** What it is called at registries: `nginx@sha256:…`. */
  readonly repoDigests: readonly string[];
  /** Absent where the engine had no record of the image any more; so is `config`. */
  readonly platform?: Platform | undefined;
  readonly config?: ImageConfig | undefined;
}

export interface BackedUpVolume {
  readonly name: string;
  /** Made by the engine, because nobody named one. */
  readonly anonymous: boolean;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Where the container has it. */
  readonly destinations: readonly string[];
  /** The part with its data: `volumes/v0.tar`; absent where it was left out. */
  readonly part?: string | undefined;
}

export interface BackedUpBind {
  /** On the host. */
  readonly source: string;
  readonly destinations: readonly string[];
  /** The part with its data: `binds/b0.tar`; absent where that was not asked for. */
  readonly part?: string | undefined;
}

/** A network as the engine would make it again. */
export interface NetworkDefinition {
  readonly name: string;
  readonly driver: string;
  readonly scope: string;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ipv6: boolean;
  readonly ipam: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** `manifest.json`, the last member: what was written before it. */
export interface BackupManifest {
  readonly format: "gangway-backup";
  readonly schema: typeof backupSchema;
  readonly container: string;
  readonly createdAt: string;
  /** In the order in which they are there, `plan.json` first. */
  readonly parts: readonly PartRecord[];
}

/** A part as a whole, in however many pieces it is there. */
export interface PartRecord {
  readonly name: string;
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** Of a tar archive: how many members it has. */
  readonly entries?: number | undefined;
}

/** Names of the first and the last member. */
export const planName = "plan.json";
export const manifestName = "manifest.json";

/** The length of all pieces of a part but the last: a tar archive wants to know a length first, and a part's is unknown. */
export const pieceBytes = 4 * 2 ** 20;

/** The name of a piece of a part: `volumes/v0.tar.000000`, so that `cat volumes/v0.tar.*` puts them together. */
export function pieceName(part: string, index: number): string {
  return `${part}.${String(index).padStart(6, "0")}`;
}

/** All parts that a backup with this plan has besides the plan itself, in their order. */
export function partsOf({ volumes, binds }: Pick<BackupPlan, "volumes" | "binds">): readonly string[] {
  return [...volumes, ...binds].flatMap(({ part }) => part ?? []);
}

/**
 * What all names in a part's archive begin with (`v0` of `volumes/v0.tar`): it is mounted at `/v0` in a helper container.
 * So the archive has the owner and the mode of the volume's own directory; and where it is extracted at `/`, the engine
 * takes any symbolic link in it, while it refuses one that leads above the directory in which it extracts.
 */
export function rootOf(part: string): string {
  return part.slice(part.indexOf("/") + 1).replace(/\.tar$/, "");
}
