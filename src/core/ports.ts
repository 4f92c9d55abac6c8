import type { Container } from "./container.ts";
import type { DiskFacts } from "./disk.ts";
import type { ContainerEvent, ContainerSummary, ImageSummary } from "./engine-answers.ts";
import type { RemoteImage } from "./image-identity.ts";
import type { ImageReference } from "./image-reference.ts";
import type {
  ContainerFile,
  ContainerInspect,
  CreateBody,
  EndpointConfig,
  FileChange,
  FileStat,
  ImageInspect,
  Platform,
  RestartPolicy,
} from "./inspect.ts";
import type { JournalEntry } from "./journal.ts";
import type { Metrics, StatsSample } from "./metrics.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { Offered } from "./offer.ts";
import type { Command, OperationResult, Progress } from "./operation.ts";
import type { PullDetail } from "./pull-progress.ts";
import type { LimitFact } from "./registry-limit.ts";
import type { RemoteConfig, RemoteManifest } from "./remote-manifest.ts";
import type { CheckRecord } from "./update-status.ts";

/** The interfaces between the core and the world: types only. Callers ask for the members that they use. */

/** Who the engine is; asked for anew at every connection, for an engine may be upgraded. */
export interface EngineIdentity {
  readonly hostName: string;
  /** The engine's release: `26.1.5`. */
  readonly version: string;
  /** The API version that is spoken with it: `1.45`. */
  readonly apiVersion: string;
  /** Image ids are manifest digests there, not config digests. */
  readonly containerdStore: boolean;
  /** Registries that the engine talks to without verified TLS: exact hosts, and address ranges in CIDR form. */
  readonly insecureRegistries: readonly string[];
}

/** What the engine has to say while it is being watched. */
export type EngineSignal =
  /** The event stream stands: whatever happened before it may have been missed. */
  | { readonly kind: "up"; readonly engine: EngineIdentity }
  | { readonly kind: "down"; readonly reason: string }
  | ContainerEvent;

/** What a pull has come to: whole bytes over all layers where they are known. */
export interface PullProgress {
  /** 0 to 100, never falling. */
  readonly percent: number;
  readonly detail: PullDetail;
}

/** What to show a registry; kept out of logs and errors. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  | { readonly kind: "identity_token"; readonly token: string }
  | { readonly kind: "registry_token"; readonly token: string };

/**
 * A Docker-compatible engine. Every call rejects with a `GangwayError`: `engine_unreachable` (the outcome of a changing
 * call is then unknown: look again), `engine_not_found`, `engine_conflict`, `engine_refused`, `engine_failed`,
 * `engine_answer_invalid`, `timeout` or `aborted`.
 */
export interface Engine {
  readonly identify: (signal: AbortSignal) => Promise<EngineIdentity>;
  readonly watch: (signal: AbortSignal) => AsyncIterable<EngineSignal>;
  /** All containers, stopped ones too. */
  readonly list: (signal: AbortSignal) => Promise<readonly ContainerSummary[]>;
  readonly inspect: (container: string, signal: AbortSignal) => Promise<ContainerInspect>;
  /** The paths in which its file system differs from its image's, mounts and directories among them. */
  readonly changes: (container: string, signal: AbortSignal) => Promise<readonly FileChange[]>;
  /** Undefined where there is nothing at `path`; links are not followed. */
  readonly stat: (container: string, path: string, signal: AbortSignal) => Promise<FileStat | undefined>;
  /** Rejects with `engine_conflict` where `path` is no regular file. */
  readonly readFile: (container: string, path: string, signal: AbortSignal) => Promise<ContainerFile>;
  readonly inspectImage: (image: string, signal: AbortSignal) => Promise<ImageInspect>;
  /** One sample of a container's counters; null where it does not run. */
  readonly sample: (container: string, signal: AbortSignal) => Promise<StatsSample | null>;
  /** Pulls `reference` and resolves once the engine has said that it is whole. */
  readonly pull: (request: PullRequest, signal: AbortSignal) => Promise<void>;
  readonly create: (request: CreateRequest, signal: AbortSignal) => Promise<{ readonly id: string }>;
  readonly connect: (
    network: string,
    container: string,
    endpoint: EndpointConfig,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly disconnect: (network: string, container: string, signal: AbortSignal) => Promise<void>;
  /** Writes files with their owners and modes, dated `modifiedAt` (milliseconds since 1970), whether it runs or not. */
  readonly writeFiles: (
    container: string,
    files: readonly ContainerFile[],
    modifiedAt: number,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly rename: (container: string, name: string, signal: AbortSignal) => Promise<void>;
  readonly setRestartPolicy: (container: string, policy: RestartPolicy, signal: AbortSignal) => Promise<void>;
  readonly start: (container: string, signal: AbortSignal) => Promise<void>;
  /** Stops with the container's own signal and grace period. */
  readonly stop: (container: string, signal: AbortSignal) => Promise<void>;
  readonly restart: (container: string, signal: AbortSignal) => Promise<void>;
  readonly pause: (container: string, signal: AbortSignal) => Promise<void>;
  readonly unpause: (container: string, signal: AbortSignal) => Promise<void>;
  /** Removes the container, never its volumes. `force` kills it first. */
  readonly remove: (container: string, options: { readonly force: boolean }, signal: AbortSignal) => Promise<void>;
  /** The last `lines` lines of its log, both streams. */
  readonly log: (container: string, lines: number, signal: AbortSignal) => Promise<string>;
  readonly tag: (image: string, reference: ImageReference, signal: AbortSignal) => Promise<void>;
  /** The local tags of a repository. */
  readonly tagsOf: (repository: string, signal: AbortSignal) => Promise<readonly ImageReference[]>;
  readonly images: (signal: AbortSignal) => Promise<readonly ImageSummary[]>;
  /** Removes an image by its id. Rejects with `engine_conflict` where a container or another image needs it. */
  readonly removeImage: (id: string, signal: AbortSignal) => Promise<void>;
  /** Removes one tag, and with the last one the image, unless a container uses it. */
  readonly untag: (reference: ImageReference, signal: AbortSignal) => Promise<void>;
}

export interface PullRequest {
  readonly reference: ImageReference;
  readonly platform?: Platform;
  readonly credentials?: Credentials;
  readonly onProgress: (progress: PullProgress) => void;
}

export interface CreateRequest {
  readonly name: string;
  readonly body: CreateBody;
  readonly platform?: Platform;
}

/** The notes of unfinished updates: what makes a crash harmless. */
export interface Journal {
  /** Resolves when the entry would survive a power cut. */
  readonly put: (entry: JournalEntry) => Promise<void>;
  readonly remove: (operation: string) => Promise<void>;
  readonly all: () => Promise<readonly JournalEntry[]>;
}

/** The switches for automatic updates, kept by container name. */
export interface AutoUpdateSwitches {
  /** Resolves when the switches of all these containers would survive a power cut. Rejects with `file_failed`. */
  readonly set: (containers: readonly string[], isOn: boolean) => Promise<void>;
}

/** What a registry has. All calls reject like `digestOf`. */
export interface Registry {
  /**
   * The digest that `reference`'s tag has now, by one HEAD request. Rejects with a `GangwayError`: one of the
   * `registry_…` codes, `timeout` or `aborted`; its message is one sentence that can be shown to a user.
   */
  readonly digestOf: (reference: ImageReference, signal: AbortSignal) => Promise<string>;
  /** All tags of the reference's repository, in no order: one GET for each page of 1000. Rejects as `digestOf` does. */
  readonly tagsOf: (reference: ImageReference, signal: AbortSignal) => Promise<readonly string[]>;
  /** The manifest or index that stands under `digest` in the reference's repository, by one GET; its digest is proven. */
  readonly manifestAt: (reference: ImageReference, digest: string, signal: AbortSignal) => Promise<RemoteManifest>;
  /** The image's configuration that stands under `digest` there, by one GET; its digest is proven. */
  readonly configAt: (reference: ImageReference, digest: string, signal: AbortSignal) => Promise<RemoteConfig>;
  /** What the engine is to show this registry for a pull. */
  readonly credentialsFor: (registry: string) => Promise<Credentials | undefined>;
}

/** What digests at registries are for a platform (as a text: `linux/amd64`): learnt once, and kept. */
export interface RemoteImages {
  readonly get: (digest: string, platform: string) => RemoteImage | undefined;
  /** `repository` is the one that was asked: `docker.io/library/nginx`. */
  readonly put: (
    key: { readonly repository: string; readonly digest: string; readonly platform: string },
    image: RemoteImage,
  ) => void;
  /** Forgets all others. */
  readonly keep: (isWanted: (repository: string, digest: string) => boolean) => void;
}

/** Where an MQTT message came from and what it wants. */
export interface BrokerMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retained: boolean;
  /** MQTT 5: where the sender wants the answer. */
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: 0 | 1;
  /** MQTT 5: returned to the sender of a request. */
  readonly correlationData?: Buffer;
  /** MQTT 5: worth nothing after that; a broker does not deliver it later to somebody who was away. */
  readonly expirySeconds?: number;
}

/** One life of a connection to the broker; it ends when `closed` aborts. */
export interface BrokerSession {
  readonly closed: AbortSignal;
  /** So many QoS 1 messages may be unacknowledged at a time: a broker drops a client that sends more. */
  readonly inFlight: number;
  /**
   * Resolves when the broker has taken the message (QoS 1) or it was written out (QoS 0). Rejects with `broker_refused`
   * (it does not want this message, and would not want it again) or `broker_unreachable`.
   */
  readonly publish: (publication: Publication) => Promise<void>;
  /** `live`: a retained message that the broker has kept from before is left out, or marked as retained. */
  readonly subscribe: (filters: readonly string[], kind?: "all" | "live") => Promise<void>;
  readonly unsubscribe: (filters: readonly string[]) => Promise<void>;
}

export interface Broker {
  /** Calls `onSession` for every connection, one after the other, and `onMessage` for what arrives, until `signal` aborts. */
  readonly run: (listener: BrokerListener, signal: AbortSignal) => Promise<void>;
}

export interface BrokerListener {
  readonly onSession: (session: BrokerSession) => void;
  readonly onMessage: (message: BrokerMessage) => void;
}

/** A container with all that Gangway knows of it. */
export interface Entry {
  readonly container: Container;
  readonly check?: CheckRecord;
  /** Only while an operation is queued for it or runs. */
  readonly progress?: Progress;
  readonly lastResult?: OperationResult;
  /** ISO 8601, UTC: when Gangway gave it a newer image last. */
  readonly lastUpdate?: string;
  /** ISO 8601, UTC: when it was backed up last. */
  readonly lastBackup?: string;
  /** Its switch for automatic updates; absent where nobody has touched it. */
  readonly autoUpdate?: boolean;
  /** The versions that it was offered, whether they were installed since or not. */
  readonly offered?: Offered;
}

/** What changed in the inventory, as subscribers hear of it. */
export type InventoryChange =
  | { readonly kind: "added"; readonly name: string; readonly after: Entry }
  | { readonly kind: "changed"; readonly name: string; readonly before: Entry; readonly after: Entry }
  | { readonly kind: "removed"; readonly name: string; readonly before: Entry }
  | { readonly kind: "metrics"; readonly name: string; readonly metrics: Metrics }
  | { readonly kind: "node"; readonly before: NodeFacts; readonly after: NodeFacts };

/** The one mutable state: all containers, by name. Subscribers are called at once, in the order in which they came. */
export interface Inventory {
  readonly get: (name: string) => Entry | undefined;
  /** In natural order of the names. */
  readonly all: () => readonly Entry[];
  readonly node: () => NodeFacts;
  readonly metricsOf: (name: string) => Metrics | undefined;
  readonly subscribe: (listener: (change: InventoryChange) => void) => Disposable;

  /** With `check`, container and check change in one step. */
  readonly putContainer: (container: Container, check?: CheckRecord) => void;
  readonly remove: (name: string) => void;
  /** Each of these does nothing for a name that is not there. */
  readonly setCheck: (name: string, check: CheckRecord) => void;
  readonly setProgress: (name: string, progress: Progress) => void;
  /** The operation with this id has ended: its progress is taken away, another one's stays. */
  readonly clearProgress: (name: string, operation: string) => void;
  readonly setResult: (name: string, result: OperationResult) => void;
  readonly setAutoUpdate: (name: string, isOn: boolean) => void;
  readonly setMetrics: (name: string, metrics: Metrics) => void;
  /** Undefined: the engine is not reachable. */
  readonly setEngine: (engine: EngineIdentity | undefined) => void;
  readonly setCheckTimes: (times: Pick<NodeFacts, "lastCheck" | "nextCheck">) => void;
  readonly setChecking: (isChecking: boolean) => void;
  readonly setRegistryLimits: (limits: readonly LimitFact[]) => void;
  readonly setDisk: (disk: DiskFacts) => void;
}

/** The doors' way in: the same for MQTT, HTTP, the command line and the schedule. */
export interface Operations {
  readonly submit: (command: Command, source: string, id?: string) => Submission;
}

export interface Submission {
  readonly id: string;
  /** Resolves when the operation has ended, however; never rejects. */
  readonly done: Promise<OperationResult>;
}
