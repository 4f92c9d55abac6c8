import PQueue from "p-queue";
import {
  type AutoUpdateDecision,
  type AutoUpdateSettings,
  autoUpdateDecision,
  autoUpdatePolicy,
} from "../core/auto-update.ts";
import { currentCheck } from "../core/entry.ts";
import type { OperationResult } from "../core/operation.ts";
import type { Entry, Inventory, Operations } from "../core/ports.ts";
import { type AttemptStep, recordAfterAttempt } from "../core/update-status.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { dueAfter, pauseUntil } from "./schedule.ts";

export interface AutoUpdatesDependencies {
  readonly inventory: Inventory;
  readonly operations: Operations;
  /** The version texts that earlier updates of a container have left behind. */
  readonly leftBehind: (container: string) => readonly string[];
  /** Is this the container that Gangway runs in? */
  readonly isOwn: (container: string) => boolean;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

export interface AutoUpdatesSettings extends AutoUpdateSettings {
  readonly cooldownMs: number;
  /** How many updates may run at once. */
  readonly parallel: number;
  /** A cron expression; absent: right after each check. */
  readonly window?: string;
}

/** Updates that nobody asks for. */
export interface AutoUpdates {
  /** To be told of the end of every operation: without a window, that of a check is when updates begin. */
  readonly ended: (result: OperationResult) => void;
}

/** Submits updates for what is due: after checks, or, with a window, when it opens, until `signal` aborts. */
export function startAutoUpdates(
  deps: AutoUpdatesDependencies,
  settings: AutoUpdatesSettings,
  signal: AbortSignal,
): AutoUpdates {
  const { window } = settings;
  const round = createRound(deps, settings, signal);
  if (window !== undefined) void openWindows(deps, window, round, signal);
  return {
    ended: ({ command, container, state }) => {
      if (window === undefined && command === "check" && state === "done" && !signal.aborted) void round(container);
    },
  };
}

async function openWindows(
  { inventory, operations, clock }: AutoUpdatesDependencies,
  window: string,
  round: (container: string | null) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pauseUntil(dueAfter({ kind: "cron", expression: window }, clock.now()), clock, signal);
    if (signal.aborted || inventory.node().engine === undefined) continue;
    // What was found hours ago may have been replaced since, by a version that is still in its cooldown.
    await operations.submit({ kind: "check" }, "auto").done;
    await round(null);
  }
}

/** One round over all containers, or over one; resolves when its updates have ended. */
function createRound(
  deps: AutoUpdatesDependencies,
  settings: AutoUpdatesSettings,
  signal: AbortSignal,
): (container: string | null) => Promise<void> {
  const { inventory, log, isOwn } = deps;
  /** What an earlier round has found due and not yet seen the end of. */
  const pending = new Set<string>();
  const queue = new PQueue({ concurrency: settings.parallel });
  const decide = (name: string): AutoUpdateDecision => {
    const entry = inventory.get(name);
    return entry === undefined ? { kind: "none" } : decisionFor(deps, settings, entry);
  };
  const install = (name: string): Promise<void> => {
    pending.add(name);
    return queue.add(async () => {
      // It may have waited long: its switch can have been turned off since, or it was rolled back.
      const decision = decide(name);
      if (decision.kind === "due" && !signal.aborted) await installOne(deps, name, decision.digest);
      pending.delete(name);
    });
  };

  return async (container) => {
    const names = container === null ? inventory.all().map((entry) => entry.container.name) : [container];
    const decisions = names.filter((name) => !pending.has(name)).map((name) => ({ name, decision: decide(name) }));
    const due = decisions.filter(({ decision }) => decision.kind === "due").map(({ name }) => name);
    const heldBack = decisions.flatMap(({ name, decision }) =>
      decision.kind === "held_back" ? [{ container: name, reason: decision.reason }] : [],
    );
    if (due.length + heldBack.length === 0) return;
    log.info({ due: due.length, heldBack: heldBack.length }, "automatic updates");
    for (const fields of heldBack) log.debug(fields, "automatic update held back");
    await Promise.all(due.filter((name) => !isOwn(name)).map(install));
    // After that nobody would be there to go on.
    await Promise.all(due.filter(isOwn).map(install));
  };
}

function decisionFor(
  { clock, leftBehind }: AutoUpdatesDependencies,
  settings: AutoUpdatesSettings,
  entry: Entry,
): AutoUpdateDecision {
  return autoUpdateDecision(entry, {
    policy: autoUpdatePolicy(entry, settings),
    now: clock.now(),
    cooldownMs: settings.cooldownMs,
    leftBehind: leftBehind(entry.container.name),
  });
}

async function installOne(
  { inventory, operations }: AutoUpdatesDependencies,
  name: string,
  digest: string,
): Promise<void> {
  const note = (step: AttemptStep): void => {
    const entry = inventory.get(name);
    const check = entry === undefined ? undefined : currentCheck(entry);
    if (check?.verdict === "update_available") inventory.setCheck(name, recordAfterAttempt(check, digest, step));
  };
  note("begun");
  const { state, handedOver, code } = await operations.submit({ kind: "update", container: name }, "auto").done;
  if (state === "rolled_back") note("rolled_back");
  // A limit says nothing of the version, nor does a backup that failed: it is tried again, however often.
  const isNotTried = code === "registry_limited" || code === "backup_failed";
  if ((state === "cancelled" && handedOver !== true) || isNotTried) note("called_off");
}
