import { describe, expect, it } from "vitest";
import type { OperationResult } from "../../../core/operation.ts";
import type { BackupFile } from "../../../core/vault.ts";
import { endedProgress, pendingProgress } from "./progress.ts";

const result: OperationResult = {
  ...{ id: "x", command: "backup", container: "web", state: "done", message: "web was backed up." },
  ...{ startedAt: "2026-01-01T00:00:01.500Z", finishedAt: "2026-01-01T00:00:09.100Z" },
};
const fileAt = (createdAt: string, container = "web"): BackupFile => ({
  ...{ file: `${container} ${createdAt}`, container, createdAt, compression: "zstd", bytes: 1 },
});

describe("the progress of a backup", () => {
  it.each([
    ["queued", 2, undefined, { status: "queued", progress: 0, current_step: 0 }],
    ["queued", 0, undefined, { status: "waiting", progress: 0, current_step: 0 }],
    ["running", 0, undefined, { status: "starting", progress: 0, current_step: 0 }],
    ["running", 0, 0, { status: "running", progress: 0, current_step: 1 }],
    ["running", 0, 55.5, { status: "running", progress: 55, current_step: 3 }],
    ["running", 0, 100, { status: "running", progress: 100, current_step: 5 }],
  ] as const)("%s behind %d at %s", (state, before, percent, expected) => {
    const progress = percent === undefined ? {} : { percent };

    expect(pendingProgress({ state }, before, progress)).toMatchObject({ ...expected, total_steps: 6, error: null });
  });

  it("ends with the file that was made meanwhile, and no other", () => {
    const files = [
      fileAt("2026-01-01T00:00:10Z"),
      fileAt("2026-01-01T00:00:02Z", "db"),
      fileAt("2026-01-01T00:00:02Z"),
      fileAt("2026-01-01T00:00:00Z"),
    ];

    expect(endedProgress(result, files)).toMatchObject({
      ...{ status: "complete", current_step: 6, progress: 100, backup_filename: "web 2026-01-01T00:00:02Z" },
    });
    expect(endedProgress({ ...result, state: "failed", message: "No room." }, files)).toMatchObject({
      ...{ status: "error", error: "No room.", backup_filename: null },
    });
  });
});
