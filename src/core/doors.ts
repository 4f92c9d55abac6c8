import type { AutoUpdatePolicy } from "./auto-update.ts";
import type { BackupShelf } from "./backup-shelf.ts";
import type { Deletions } from "./deletions.ts";
import type { Disk } from "./disk.ts";
import type { NetworkShelf } from "./network-file.ts";
import type { NodeEvent } from "./node-event.ts";
import type { CommandKind, OperationResult } from "./operation.ts";
import type { Engine, Entry, Inventory, Operations } from "./ports.ts";
import type { EngineStorage } from "./storage.ts";

/** What a door that shows everything is given of an engine: types only. */
export interface ServedNode {
  /** The engine's short name. */
  readonly name: string;
  readonly inventory: Inventory;
  readonly operations: OperationBook;
  readonly engine: ServedEngine;
  readonly deletions: Deletions;
  readonly backups: BackupShelf;
  readonly networks: NetworkShelf;
  readonly autoUpdateOf: (entry: Entry) => AutoUpdatePolicy;
  readonly isBrokerConnected: () => boolean;
}

/** What doors ask the engine itself. */
export type ServedEngine = Pick<Engine, "images" | "list" | "inspect" | "log"> &
  Pick<Disk, "storedImages" | "volumes" | "usage"> &
  Pick<EngineStorage, "inspectVolume">;

/** Something that has happened on a node. */
export type NodeNews =
  | { readonly kind: "event"; readonly event: NodeEvent }
  /** `joined`: told to one who asked for what another had begun already. */
  | { readonly kind: "result"; readonly result: OperationResult; readonly joined: boolean };

/** The way in, with a view of what is under way. */
export interface OperationBook extends Operations {
  /** What waits or runs, in the order in which it came. */
  readonly pending: () => readonly PendingOperation[];
  /**
   * Ends an operation that still waits, as `cancelled`, for all who wait for it. One that runs goes on: it has to reach a
   * safe point.
   */
  readonly cancel: (id: string) => "cancelled" | "running" | "unknown";
}

/** An operation that has not ended. */
export interface PendingOperation {
  readonly id: string;
  /** The ids of those who asked for the same, and wait for the same end. */
  readonly joined: readonly string[];
  readonly command: CommandKind;
  readonly container: string | null;
  readonly state: "queued" | "running";
  /** The door that it came through. */
  readonly source: string;
  /** ISO 8601, UTC. */
  readonly submittedAt: string;
}

/** A finished operation of one node, as it is kept. */
export type PastOperation = OperationResult & { readonly node: string };

/** Who may use the HTTP API. */
export interface AccessSettings {
  /** Is the API served at all? */
  readonly enabled: boolean;
  /** Is a key asked for? */
  readonly auth: boolean;
  /** The key that may do everything. */
  readonly apiKey: string | undefined;
  /** Addresses and ranges that may come at all. */
  readonly allowedIps: readonly string[];
}

/** What was changed of them while Gangway ran; it wins over the configuration. */
export interface SavedAccess {
  readonly get: () => Partial<AccessSettings>;
  /** Resolves when the change would survive a power cut. Rejects with `file_failed`. */
  readonly set: (changed: Partial<AccessSettings>) => Promise<void>;
}

/** What the process uses of the machine. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  /** Seconds since 1970. */
  readonly startedAt: number;
}
