import { isoSeconds, isRunning } from "./container.ts";
import { installedVersion, latestVersion } from "./entry.ts";
import type { NodeFacts } from "./node-facts.ts";
import { isNews, offerOf } from "./offer.ts";
import { isUpdate, type OperationResult } from "./operation.ts";
import type { Entry, InventoryChange } from "./ports.ts";
import type { PruneReport } from "./prune/prune.ts";
import { newlyLimited } from "./registry-limit.ts";

/** Everything that can happen on a node and is worth an automation: a closed list, a contract with users. */
export const eventTypes = [
  "update_available",
  "updated",
  "update_failed",
  "rolled_back",
  "backed_up",
  "backup_failed",
  "restored",
  "pruned",
  "container_added",
  "container_removed",
  "container_died",
  "container_unhealthy",
  "registry_limited",
] as const;
export type EventType = (typeof eventTypes)[number];

/** Something that happened, once. */
export interface NodeEvent {
  readonly type: EventType;
  readonly container: string | null;
  /** The id of the operation that it came of. */
  readonly operation: string | null;
  /** What else there is to say of it; null for what is not known. */
  readonly details: Readonly<Record<string, string | number | null>>;
}

/**
 * What a change of the inventory means to somebody who waits for events. `isCounted`: all containers had been read
 * before, so one that is added is new. What an operation does to its container is not news: its end is.
 */
export function eventsFrom(change: InventoryChange, isCounted: boolean): readonly NodeEvent[] {
  switch (change.kind) {
    case "added":
      return isCounted ? [eventOf("container_added", change.after, { image: change.after.container.image })] : [];
    case "removed":
      return [eventOf("container_removed", change.before, { image: change.before.container.image })];
    case "changed":
      return [...deathsIn(change.before, change.after), ...updatesIn(change.before, change.after)];
    case "node":
      return limitsIn(change.before, change.after);
    case "metrics":
      return [];
  }
}

/** What the end of an operation means to them; undefined for nothing. */
export function eventFrom(result: OperationResult): NodeEvent | undefined {
  const type = typeOf(result);
  if (type === undefined) return undefined;
  const { id: operation, container, message, from = null, to = null, prune } = result;
  if (prune !== undefined) return { type, container, operation, details: { message, ...prunedDetails(prune) } };
  const backup = result.backup === undefined ? {} : { backup: result.backup };
  return { type, container, operation, details: { message, from, to, ...backup } };
}

function prunedDetails({ what, removed, kept, reclaimedBytes }: PruneReport): NodeEvent["details"] {
  return { what, removed: removed.length, kept: kept.length, reclaimed_bytes: reclaimedBytes };
}

/** A registry wants to be left alone until then; milliseconds since 1970. */
export function limitedEvent(registry: string, until: number): NodeEvent {
  const message = `${registry} limits how often it may be asked; it is left alone until ${isoSeconds(until)}.`;
  return { type: "registry_limited", container: null, operation: null, details: { registry, message } };
}

/** A cool-down that an earlier run has left is no news: the first look tells of none. */
function limitsIn(
  { registryLimits: before }: NodeFacts,
  { registryLimits: after = [] }: NodeFacts,
): readonly NodeEvent[] {
  const begun = before === undefined ? [] : newlyLimited(before, after);
  return begun.map(({ registry, limitedUntil = 0 }) => limitedEvent(registry, limitedUntil));
}

function typeOf(result: OperationResult): EventType | undefined {
  const { command, state } = result;
  const { prune } = result;
  // One that has not gone well to the end has removed something all the same.
  if (prune !== undefined) return prune.preview || prune.removed.length === 0 ? undefined : "pruned";
  if (command === "restore") return state === "done" ? "restored" : undefined;
  if (command === "backup") return backupTypeOf(state);
  if (isUpdate(result)) return "updated";
  if (state === "rolled_back") return "rolled_back";
  return state === "failed" && command === "update" ? "update_failed" : undefined;
}

/** One that was cancelled, or refused before anything was touched, is no failure. */
function backupTypeOf(state: OperationResult["state"]): EventType | undefined {
  return state === "done" ? "backed_up" : state === "failed" ? "backup_failed" : undefined;
}

function deathsIn(before: Entry, after: Entry): readonly NodeEvent[] {
  const isSame = before.container.id === after.container.id;
  if (!isSame || before.progress !== undefined || after.progress !== undefined) return [];
  const { exitCode, health } = after.container;
  const died = isRunning(before.container) && !isRunning(after.container);
  const sickened = health === "unhealthy" && before.container.health !== "unhealthy";
  return [
    ...(died ? [eventOf("container_died", after, { exit_code: exitCode })] : []),
    ...(sickened ? [eventOf("container_unhealthy", after, {})] : []),
  ];
}

function updatesIn(before: Entry, after: Entry): readonly NodeEvent[] {
  const offer = offerOf(after);
  if (offer === undefined || !isNews(offer, before.offered, after.container.imageId)) return [];
  if (!isNews(offer, offerOf(before), after.container.imageId)) return [];
  return [offerEvent(after)];
}

/** That the container is offered another version. */
export function offerEvent(entry: Entry): NodeEvent {
  const details = { from: installedVersion(entry), to: latestVersion(entry) ?? null };
  return eventOf("update_available", entry, details);
}

function eventOf(type: EventType, { container, progress }: Entry, details: NodeEvent["details"]): NodeEvent {
  return { type, container: container.name, operation: progress?.operation ?? null, details };
}
