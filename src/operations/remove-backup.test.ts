import { expect, it } from "vitest";
import type { RestoreEntry } from "../core/restore-journal.ts";
import { removeBackup } from "./remove-backup.ts";

const entry = { file: "web_1.tar", replaced: { safety: "web_2.tar" } } as unknown as RestoreEntry;

it("removes a backup, but none that a restore needs which has not ended", async () => {
  const removed: string[] = [];
  const deps = {
    vault: { remove: (file: string) => Promise.resolve(void removed.push(file)) },
    restoreJournal: { all: () => Promise.resolve([entry]) },
  };

  await removeBackup(deps, "web_3.tar");
  for (const file of ["web_1.tar", "web_2.tar"]) {
    await expect(removeBackup(deps, file)).rejects.toMatchObject({ code: "backup_failed" });
  }

  expect(removed).toEqual(["web_3.tar"]);
});
