import type { Inventory, Operations } from "../core/ports.ts";
import type { Clock } from "../lib/time.ts";
import { dueAfter, engineOnline, pauseUntil, type Schedule } from "./schedule.ts";

export interface BackupScheduleDependencies {
  readonly inventory: Inventory;
  readonly operations: Operations;
  readonly clock: Pick<Clock, "now">;
}

/** Backs up all containers by the schedule; where the engine is away then, as soon as it is back. */
export async function scheduleBackups(
  { inventory, operations, clock }: BackupScheduleDependencies,
  schedule: Schedule,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pauseUntil(dueAfter(schedule, clock.now()), clock, signal);
    await engineOnline(inventory, signal);
    if (!signal.aborted) await operations.submit({ kind: "backup_all" }, "schedule").done;
  }
}
