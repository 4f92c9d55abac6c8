import type { PendingOperation } from "../../../core/doors.ts";
import { isSuccess, type OperationResult, type Progress } from "../../../core/operation.ts";
import type { BackupFile } from "../../../core/vault.ts";

/*
 * How far a backup is, in Container Monkey's words: queued → waiting → starting → running → complete | error.
 */

const totalSteps = 6;

export interface BackupProgress {
  readonly status: "queued" | "waiting" | "starting" | "running" | "complete" | "error";
  readonly step: string;
  readonly current_step: number;
  readonly total_steps: number;
  /** Percent. */
  readonly progress: number;
  readonly error: string | null;
  readonly backup_filename: string | null;
}

const nothing = { total_steps: totalSteps, error: null, backup_filename: null };

/** Of one that waits, `before` others, or runs. */
export function pendingProgress(
  { state }: Pick<PendingOperation, "state">,
  before: number,
  progress: Pick<Progress, "percent"> | undefined,
): BackupProgress {
  const begun = { ...nothing, current_step: 0, progress: 0 };
  if (state === "queued") {
    return before > 0
      ? { ...begun, status: "queued", step: `Waiting for ${before} before it` }
      : { ...begun, status: "waiting", step: "Waiting for its turn" };
  }
  const percent = progress?.percent;
  if (percent === undefined) return { ...begun, status: "starting", step: "Finding out what is to be done" };
  // Its first step is over, its last one is the end.
  const current = Math.min(totalSteps - 1, 1 + Math.floor(percent / 25));
  return { ...nothing, status: "running", step: "Backing up", current_step: current, progress: Math.floor(percent) };
}

/** Of one that has ended. */
export function endedProgress(
  { state, message, startedAt, finishedAt, container }: OperationResult,
  files: readonly BackupFile[],
): BackupProgress {
  if (!isSuccess(state)) {
    return { ...nothing, status: "error", step: "Failed", current_step: 0, progress: 0, error: message };
  }
  const from = startedAt.slice(0, 19);
  const until = finishedAt.slice(0, 19);
  const made = files.find(({ container: whose, createdAt }) => {
    const at = createdAt.slice(0, 19);
    return whose === container && at >= from && at <= until;
  });
  const file = made?.file ?? null;
  return { ...nothing, status: "complete", step: message, current_step: 6, progress: 100, backup_filename: file };
}
