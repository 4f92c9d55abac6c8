import type { ErrorCode } from "../lib/errors.ts";

/** What anyone may ask for, through any door. Each kind is the command's name in topics and routes. */
export type Command =
  | { readonly kind: "update"; readonly container: string }
  | { readonly kind: "start"; readonly container: string }
  | { readonly kind: "stop"; readonly container: string }
  | { readonly kind: "restart"; readonly container: string }
  | { readonly kind: "pause"; readonly container: string }
  | { readonly kind: "unpause"; readonly container: string }
  /** Ask the registries; without `container` for all of them. */
  | { readonly kind: "check"; readonly container?: string }
  /** Publish everything again. */
  | { readonly kind: "rediscover" };

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
}

/** A command on its way: what the state topics show while it is queued or runs. */
export interface Progress {
  readonly operation: string;
  readonly command: CommandKind;
  readonly phase: Phase;
  /** 0 to 100, never falling within one operation; absent while nothing can be measured. */
  readonly percent?: number;
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
