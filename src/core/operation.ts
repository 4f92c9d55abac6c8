import type { ErrorCode } from "../lib/errors.ts";
import type { LostFiles } from "./carried-files.ts";
import type { PruneReport, PruneWish } from "./prune/prune.ts";
import type { PullDetail } from "./pull-progress.ts";

/** What anyone may ask for, through any door. Each kind is the command's name in topics and routes. */
export type Command =
  /** Give it the image that its tag stands for now. */
  | ({ readonly kind: "update"; readonly container: string } & MayBeDry)
  /** Make it anew from the same image. */
  | ({ readonly kind: "recreate"; readonly container: string } & MayBeDry)
  /** Give it the image back that it ran before its last update. */
  | ({ readonly kind: "rollback"; readonly container: string } & MayBeDry)
  /** Update several: by name, by image, by compose project, or all that have an update. */
  | ({ readonly kind: "update_all" } & UpdateSelector & MayBeDry)
  | { readonly kind: "start"; readonly container: string }
  | { readonly kind: "stop"; readonly container: string }
  | { readonly kind: "restart"; readonly container: string }
  | { readonly kind: "pause"; readonly container: string }
  | { readonly kind: "unpause"; readonly container: string }
  /** Write its definition and the data of its volumes into a file. */
  | { readonly kind: "backup"; readonly container: string }
  /** Back up all watched containers. */
  | { readonly kind: "backup_all" }
  /** Make a container anew from a backup; but with `replace`, nothing that is there is written to. */
  | ({ readonly kind: "restore"; readonly container: string; readonly file: string } & RestoreOptions)
  /** Ask the registries; without `container` for all of them. */
  | { readonly kind: "check"; readonly container?: string }
  /** Turn the switch for automatic updates; without `container` that of all of them. */
  | { readonly kind: "auto_update"; readonly container?: string; readonly on: boolean }
  /** Remove what nobody needs any more from the engine's disk. */
  | ({ readonly kind: "prune" } & PruneWish & MayBeDry)
  /** Publish everything again. */
  | { readonly kind: "rediscover" };

/** How a backup is restored. */
export interface RestoreOptions {
  /**
   * `same`: volumes under their own names, where nobody has these; `new`: under names of their own; `replace`: under
   * their own names, in place of what has these, and of the container that has the name. `same`, if absent.
   */
  readonly volumes?: "same" | "new" | "replace";
  /** Ports of the host in place of those of the backup: `{ "80/tcp": "8081" }`. */
  readonly ports?: Readonly<Record<string, string>>;
  /** As it was, if absent. */
  readonly start?: boolean;
}

/** Only say what would be done. */
interface MayBeDry {
  readonly dryRun?: true;
}

/** Which containers to update; those that more than one member says, where there is more than one. */
export interface UpdateSelector {
  /** By name, also those of which no update is known yet. */
  readonly containers?: readonly string[];
  /** By image, as a name or a glob: those of which an update is known. */
  readonly image?: string;
  /** Of a compose project: those of which an update is known. */
  readonly project?: string;
}

export type CommandKind = Command["kind"];

/** Where an operation stands; the words of the contract's `phase`. */
export const phases = [
  "idle",
  "queued",
  "backing_up",
  "pulling",
  "creating",
  "switching",
  "verifying",
  "rolling_back",
  "restoring",
] as const;
export type Phase = (typeof phases)[number];

/** How an operation can end; the words of the contract's result `state` and `last_result` (there also `none`). */
export const outcomeStates = [
  "updated",
  "unchanged",
  "rolled_back",
  "failed",
  "rejected",
  "cancelled",
  "done",
] as const;
export type OutcomeState = (typeof outcomeStates)[number];

/** The end of an operation. `message` is one sentence for a person: what happened, why, and what to do. */
export interface Outcome {
  readonly state: OutcomeState;
  readonly message: string;
  /** Version text before and after, where the operation is about versions. */
  readonly from?: string;
  readonly to?: string;
  /** The fault behind `failed` and `rolled_back`, where it came from outside. */
  readonly code?: ErrorCode;
  /** The last lines of a failed candidate's log. */
  readonly log?: string;
  /** Not the end yet: a helper container carries on, and the next Gangway tells how it has ended. */
  readonly handedOver?: true;
  /** What became of each container, where the command was about several. */
  readonly results?: readonly PartialResult[];
  /** What would be done, and what would be lost by it: the answer to a dry run. */
  readonly plan?: UpdatePlan;
  /** What was pruned, or would be. */
  readonly prune?: PruneReport;
  /** The file with the container as it was: of a backup, and of an update or a restore before which one was made. */
  readonly backup?: string;
}

/** How the operation on one of several containers has ended. */
export interface PartialResult {
  readonly container: string;
  readonly state: OutcomeState;
  readonly message: string;
}

/** What a replacement would do. Values of environment variables are left out: they can be secrets. */
export interface UpdatePlan {
  readonly container: string;
  /** Version texts. */
  readonly from: string;
  readonly to: string;
  /** The container itself first, then those that are replaced together with it. */
  readonly members: readonly PlannedMember[];
  readonly restarts: readonly string[];
  /** Sentences on what may not be as one expects. */
  readonly warnings: readonly string[];
}

export interface PlannedMember {
  readonly container: string;
  /** Does it run, so that it is stopped and started? */
  readonly running: boolean;
  /** The body of `POST /containers/create`. */
  readonly create: object;
  /** Networks that it joins after that. */
  readonly connect: readonly string[];
  /** What the old container has and the new one will not. */
  readonly lost: {
    /** The engine keeps logs by container. */
    readonly log: boolean;
    /** Files outside of volumes that were added or changed. */
    readonly files: LostFiles;
  };
}

/** A command on its way: what the state topics show while it is queued or runs. */
export interface Progress {
  readonly operation: string;
  readonly command: CommandKind;
  readonly phase: Phase;
  /** 0 to 100, never falling within one phase; absent while nothing can be measured. */
  readonly percent?: number;
  /** What has been read or written; only in phases `backing_up` and `restoring`. */
  readonly bytes?: { readonly done: number; readonly total?: number };
  /** What a pull has come to; only in phase `pulling`. */
  readonly pull?: PullDetail;
  /** Seconds until the health gate gives up; only in phase `verifying`. */
  readonly secondsLeft?: number;
}

/** A finished operation, as it is published and kept in `history.json`. Times are ISO 8601 in UTC. */
export interface OperationResult extends Outcome {
  readonly id: string;
  readonly command: CommandKind;
  readonly container: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Did the operation do what was asked for? */
export function isSuccess(state: OutcomeState): boolean {
  return state === "updated" || state === "unchanged" || state === "done";
}

/** Has it backed the container up? */
export function isBackup({
  command,
  state,
  backup,
}: Pick<OperationResult, "command" | "state"> & { readonly backup?: string | undefined }): boolean {
  return backup !== undefined || (command === "backup" && state === "done");
}

/** Has it given the container a newer image? */
export function isUpdate({ command, state }: Pick<OperationResult, "command" | "state">): boolean {
  return command === "update" && state === "updated";
}
