import type { ContainerInspect, CreateBody, EndpointConfig, Platform, RestartPolicy } from "./inspect.ts";

/**
 * How far the replacement of a container has come. A step is noted before it is taken: after a crash it may have been
 * taken or not, and the engine is asked.
 */
export const swapSteps = [
  /** Nothing changed yet; the new container may exist under its temporary name. */
  "creating",
  /** The old container's restart policy is put out of force, so that only one of the two can come back after a power cut. */
  "restraining",
  "stopping",
  "renaming_old",
  "renaming_new",
  "starting",
  /** The new container runs under the name; the health gate decides. */
  "verifying",
  /** The gate was passed: only the old container is still to be removed. */
  "committed",
  "rolling_back",
] as const;
export type SwapStep = (typeof swapSteps)[number];

/** One replacement of a container, with all that is needed to finish or to undo it after a crash. */
export interface JournalEntry {
  readonly schema: 1;
  /** Eight hex digits: also the end of the transient names. */
  readonly operation: string;
  /** The id under which the result is published. */
  readonly id: string;
  readonly node: string;
  readonly container: string;
  readonly startedAt: string;
  readonly step: SwapStep;
  readonly oldId: string;
  /** Absent until the engine has said it. */
  readonly newId?: string;
  readonly oldImageId: string;
  readonly newImageId: string;
  /** The new image's digest at its registry, where it has one. */
  readonly newDigest?: string;
  /** The reference that the new container is created from. */
  readonly reference: string;
  /** Version texts, for the result. */
  readonly from: string;
  readonly to: string;
  readonly wasRunning: boolean;
  readonly wasPaused: boolean;
  readonly restartPolicy: RestartPolicy;
  readonly plan: SwapPlan;
  /** The old container as the engine described it. */
  readonly inspect: ContainerInspect;
  /** Why it is being rolled back. */
  readonly cause?: string;
  /** The last lines of the failed candidate's log. */
  readonly log?: string;
}

/** What to create, and which networks to join and leave before it starts. */
export interface SwapPlan {
  readonly body: CreateBody;
  readonly platform?: Platform;
  readonly connect: readonly { readonly network: string; readonly endpoint: EndpointConfig }[];
  readonly disconnect: readonly string[];
}

/** The name of the new container until it takes over. */
export function newNameFor({ container, operation }: Pick<JournalEntry, "container" | "operation">): string {
  return `${container}.gw-new-${operation}`;
}

/** The name of the old container from then on. */
export function oldNameFor({ container, operation }: Pick<JournalEntry, "container" | "operation">): string {
  return `${container}.gw-old-${operation}`;
}

/** The tag that keeps the old image from being pruned while the operation lasts: `gangway/keep:<operation>`. */
export const keepRepository = "gangway/keep";
