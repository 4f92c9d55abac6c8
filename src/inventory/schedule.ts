import { Cron } from "croner";
import { type Container, isoSeconds } from "../core/container.ts";
import { currentCheck } from "../core/entry.ts";
import type { Inventory, Operations } from "../core/ports.ts";
import { type Clock, pause } from "../lib/time.ts";

/** When to ask the registries: a cron expression in local time, or an interval. */
export type Schedule =
  | { readonly kind: "cron"; readonly expression: string }
  | { readonly kind: "interval"; readonly ms: number };

export interface ScheduleDependencies {
  readonly inventory: Inventory;
  readonly operations: Operations;
  readonly clock: Pick<Clock, "now">;
}

export interface ScheduleSettings {
  readonly schedule: Schedule;
  readonly onStart: boolean;
}

/** The whole world's cron jobs start at the full minute: up to this much later, and never more than a tenth of an interval. */
const longestJitterMs = 60_000;
const longestPauseMs = 3_600_000;
/** New containers come in groups (`compose up`): one check for the group. */
const gatherMs = 1_000;

/** Submits checks: when the engine is first there, by the schedule, and for containers that are new or run another image. */
export async function scheduleChecks(
  deps: ScheduleDependencies,
  settings: ScheduleSettings,
  signal: AbortSignal,
): Promise<void> {
  await engineOnline(deps.inventory, signal);
  if (settings.onStart) void checkAll(deps, "start", signal);
  checkNewcomers(deps, signal);
  while (!signal.aborted) {
    const due = dueAfter(settings.schedule, deps.clock.now());
    deps.inventory.setCheckTimes({ nextCheck: isoSeconds(due) });
    await pauseUntil(due, deps.clock, signal);
    await checkAll(deps, "schedule", signal);
  }
}

/** Checks all containers: now, or, where the engine is away, as soon as it is back. */
async function checkAll(
  { inventory, operations }: ScheduleDependencies,
  source: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await engineOnline(inventory, signal);
    if (signal.aborted) return;
    const { state } = await operations.submit({ kind: "check" }, source).done;
    if (state !== "failed" || inventory.node().engine !== undefined) return;
  }
}

/** Resolves when the engine is there, or at the shutdown. */
export async function engineOnline(inventory: Inventory, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _ = inventory.subscribe(() => {
    if (inventory.node().engine !== undefined) resolve();
  });
  if (inventory.node().engine !== undefined || signal.aborted) return;
  const end = (): void => resolve();
  signal.addEventListener("abort", end);
  await promise;
  signal.removeEventListener("abort", end);
}

/** The next time of a schedule, in milliseconds since 1970, jitter included. */
export function dueAfter(schedule: Schedule, now: number): number {
  if (schedule.kind === "interval") {
    return now + schedule.ms + Math.random() * Math.min(longestJitterMs, schedule.ms / 10);
  }
  const next = new Cron(schedule.expression).nextRun(new Date(now));
  return (next?.getTime() ?? now + longestPauseMs) + Math.random() * longestJitterMs;
}

/** In pieces: a timer cannot run for months, and a machine that slept through one wakes up late. */
export async function pauseUntil(due: number, clock: Pick<Clock, "now">, signal: AbortSignal): Promise<void> {
  while (clock.now() < due && !signal.aborted) await pause(Math.min(due - clock.now(), longestPauseMs), signal);
}

function checkNewcomers({ inventory, operations }: ScheduleDependencies, signal: AbortSignal): void {
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const check = (): void => {
    timer = undefined;
    for (const name of waiting) {
      const entry = inventory.get(name);
      // An update under way knows best what it has installed; should it not say, it is asked for afterwards.
      if (entry?.progress !== undefined) continue;
      waiting.delete(name);
      if (entry !== undefined && currentCheck(entry) === undefined)
        void operations.submit({ kind: "check", container: name }, "newcomer");
    }
    if (waiting.size > 0) timer = setTimeout(check, gatherMs);
  };
  const subscription = inventory.subscribe((change) => {
    const isNew =
      change.kind === "added" ||
      (change.kind === "changed" && isOtherImage(change.before.container, change.after.container));
    if (!isNew) return;
    waiting.add(change.name);
    timer ??= setTimeout(check, gatherMs);
  });
  signal.addEventListener("abort", () => {
    subscription[Symbol.dispose]();
    clearTimeout(timer);
  });
}

function isOtherImage(before: Container, after: Container): boolean {
  return before.imageId !== after.imageId || before.image !== after.image;
}
