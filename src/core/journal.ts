import type { MadeBackup } from "./backup-first.ts";
import type { ContainerInspect, CreateBody, EndpointConfig, Platform, RestartPolicy } from "./inspect.ts";
import type { CommandKind, Outcome } from "./operation.ts";

/**
 * How far a replacement has come. A step is noted before it is taken: after a crash it may have been taken or not, in
 * part or in whole, and the engine is asked.
 */
export const swapSteps = [
  /** Nothing is touched yet; new containers may exist under their temporary names. */
  "creating",
  /** The old containers' restart policies are put out of force, so that a power cut brings only one of each pair back. */
  "restraining",
  /** The old containers are stopped, names are swapped, new containers are started. */
  "switching",
  /** All new containers run under their names; the health gate decides. */
  "verifying",
  /** All gates were passed: the old containers are still to be removed. */
  "committed",
  "rolling_back",
] as const;
export type SwapStep = (typeof swapSteps)[number];

/** The commands that replace containers. */
export const swapCommands = ["update", "recreate", "rollback"] as const satisfies readonly CommandKind[];
export type SwapCommand = (typeof swapCommands)[number];

export function replaces(command: CommandKind): command is SwapCommand {
  return (swapCommands as readonly CommandKind[]).includes(command);
}

/**
 * One replacement, with all that is needed to finish or to undo it after a crash: of a container, and of those that would
 * stop working without it.
 */
export interface JournalEntry {
  readonly schema: 2;
  /** Eight hex digits: also the end of the transient names. */
  readonly operation: string;
  /** The id under which the result is published. */
  readonly id: string;
  readonly command: SwapCommand;
  readonly node: string;
  /** The container that the command was for. */
  readonly container: string;
  readonly startedAt: string;
  readonly step: SwapStep;
  /** The container itself first, then its dependants, each after what it depends on. */
  readonly members: readonly SwapMember[];
  /** Containers to restart once all members have passed their gates, in this order. */
  readonly restarts: readonly string[];
  /** Version texts, for the result. */
  readonly from: string;
  readonly to: string;
  /** The backup that was made for it, and what is to be said of that. */
  readonly backup?: MadeBackup;
  /** The new image's digest at its registry, where it has one. */
  readonly newDigest?: string;
  /** Local tags that are to be given back to their images, unless the new containers stay. */
  readonly retags: readonly Retag[];
  /** Why it is being rolled back, and how far it had come. */
  readonly cause?: string;
  readonly reached?: SwapStep;
  /** It is rolled back because it did not work, not because it was interrupted. */
  readonly judged?: boolean;
  /** The last lines of the failed candidate's log. */
  readonly log?: string;
  /** The container that carries on from here, where Gangway itself would be cut off. Nobody else is to touch anything. */
  readonly helper?: Helper;
  /** How the helper has ended it: all that is left to do is to tell it, and to clear away the helper and this entry. */
  readonly outcome?: Outcome;
}

/** A container of Gangway's old image that finishes a replacement from outside. */
export interface Helper {
  /** Its name. */
  readonly container: string;
  /** The id of the container whose mounts, environment and files it has. */
  readonly madeAfter: string;
  /** With what it is created, now and whenever it has to be created again. */
  readonly plan: SwapPlan;
  /** The engine's address as the helper reaches it. */
  readonly engineHost: string;
  /** How many times it was created. */
  readonly tries: number;
}

/** One container of a replacement. */
export interface SwapMember {
  readonly container: string;
  readonly oldId: string;
  /** Absent until the engine has said it. */
  readonly newId?: string;
  readonly newImageId: string;
  /** The reference that the new container is created from. */
  readonly reference: string;
  readonly wasRunning: boolean;
  readonly wasPaused: boolean;
  readonly restartPolicy: RestartPolicy;
  readonly plan: SwapPlan;
  /** The old container as the engine described it. */
  readonly inspect: ContainerInspect;
}

/** A local tag that names another image for as long as a container is created from it. */
export interface Retag {
  readonly reference: string;
  /** The image that the tag belongs to; null where there was no such tag. */
  readonly imageId: string | null;
}

/** What to create, and what to do with it before it starts. */
export interface SwapPlan {
  readonly body: CreateBody;
  /** The files that are copied from the old container into the new one's writable layer. */
  readonly carry: readonly string[];
  readonly platform?: Platform;
  /** Networks to join, and to leave. */
  readonly connect: readonly { readonly network: string; readonly endpoint: EndpointConfig }[];
  readonly disconnect: readonly string[];
}

/** The name of a new container until it takes over. */
export function newNameFor(container: string, operation: string): string {
  return `${container}.gw-new-${operation}`;
}

/** The name of an old container from then on. */
export function oldNameFor(container: string, operation: string): string {
  return `${container}.gw-old-${operation}`;
}

/** The name of the container that finishes an operation in which Gangway itself is replaced. */
export function helperNameFor(container: string, operation: string): string {
  return `${container}.gw-helper-${operation}`;
}

/** The tag that keeps the old image from being pruned while the operation lasts: `gangway/keep:<operation>`. */
export const keepRepository = "gangway/keep";
