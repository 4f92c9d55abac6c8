import { isSuccess, type Outcome } from "../core/operation.ts";
import type { Inventory, Operations } from "../core/ports.ts";

export interface BackupSeveralDependencies {
  readonly inventory: Pick<Inventory, "all">;
  readonly submit: Operations["submit"];
}

/** Backs up all watched containers, each by an operation of its own; one that fails does not stop the others. */
export async function backUpSeveral({ inventory, submit }: BackupSeveralDependencies): Promise<Outcome> {
  const names = inventory.all().map(({ container }) => container.name);
  if (names.length === 0) return { state: "unchanged", message: "There is no container to back up." };
  const ended = await Promise.all(names.map((container) => submit({ kind: "backup", container }, "backup_all").done));
  const results = ended.map(({ container, state, message }) => ({ container: container ?? "", state, message }));
  const bad = results.filter(({ state }) => !isSuccess(state));
  const subject = `${results.length - bad.length} of ${results.length} container${results.length === 1 ? "" : "s"}`;
  const message = [`${subject} backed up.`, ...bad.map((result) => `${result.container}: ${result.message}`)].join(" ");
  return { state: bad.length === 0 ? "done" : "failed", message, results };
}
