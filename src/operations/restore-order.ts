import { type RestoreOrder, type RestoreWanted, restoreOrderFor } from "../core/restore-order.ts";
import type { Vault } from "../core/vault.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { isOwn } from "./outdated-backups.ts";

export interface RestoreOrderDependencies {
  readonly vault: Pick<Vault, "list" | "planOf">;
  readonly node: string;
  /** Does the configuration let restores be asked for in this way? */
  readonly isAllowed: boolean;
  readonly log: Log;
}

/** Looks for the backup that is to be restored; nothing is proven of it yet. */
export async function orderRestore(
  deps: RestoreOrderDependencies,
  wanted: RestoreWanted,
  signal: AbortSignal,
): Promise<RestoreOrder> {
  const { vault, isAllowed } = deps;
  try {
    const backups = isAllowed ? await vault.list() : [];
    const files = backups.map(({ file }) => file);
    let newest: string | undefined;
    for (const backup of wanted.file === undefined ? backups : []) {
      if (backup.container !== wanted.container || !(await isOwn(deps, backup, signal))) continue;
      newest = backup.file;
      break;
    }
    return restoreOrderFor(wanted, { isAllowed, files, newest });
  } catch (error) {
    return { kind: "refused", message: `The backups cannot be looked at: ${messageOf(error)}.` };
  }
}
