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
  readonly clock: Clock;
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
  if (settings.onStart) void deps.operations.submit({ kind: "check" }, "start");
  checkNewcomers(deps, signal);
  while (!signal.aborted) {
    const due = dueAfter(settings.schedule, deps.clock.now());
    deps.inventory.setCheckTimes({ nextCheck: isoSeconds(due) });
    await pauseUntil(due, deps.clock, signal);
    if (signal.aborted) return;
    if (deps.inventory.node().engine !== undefined) {
      await deps.operations.submit({ kind: "check" }, "schedule").done;
    }
  }
}

async function engineOnline(inventory: Inventory, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _ = inventory.subscribe(() => {
    if (inventory.node().engine !== undefined) resolve();
  });
  if (inventory.node().engine !== undefined || signal.aborted) return;
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

/** When the next check is due, in milliseconds since 1970, jitter included. */
function dueAfter(schedule: Schedule, now: number): number {
  if (schedule.kind === "interval") {
    return now + schedule.ms + Math.random() * Math.min(longestJitterMs, schedule.ms / 10);
  }
  const next = new Cron(schedule.expression).nextRun(new Date(now));
  return (next?.getTime() ?? now + longestPauseMs) + Math.random() * longestJitterMs;
}

/** In pieces: a timer cannot run for months, and a machine that slept through one wakes up late. */
async function pauseUntil(due: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (clock.now() < due && !signal.aborted) await pause(Math.min(due - clock.now(), longestPauseMs), signal);
}

function checkNewcomers({ inventory, operations }: ScheduleDependencies, signal: AbortSignal): void {
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const check = (): void => {
    timer = undefined;
    for (const name of waiting) {
      const entry = inventory.get(name);
      if (entry !== undefined && currentCheck(entry) === undefined)
        void operations.submit({ kind: "check", container: name }, "newcomer");
    }
    waiting.clear();
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
