import { isBackedUpFirst } from "../core/backup-first.ts";
import { dependantsFor } from "../core/dependants.ts";
import type { Command } from "../core/operation.ts";
import { volumeLockFor } from "../core/restore-journal.ts";
import type { Vault } from "../core/vault.ts";
import { backupScopeOf, type HaltsDependencies } from "./backup-preparation.ts";
import { surveyOf } from "./survey.ts";

/** Which containers a command will touch: those, too, that are replaced,
 * restarted or stopped together with its own. */
export async function scopeOf(
  deps: HaltsDependencies & { readonly backupFirst: boolean; readonly vault: Pick<Vault, "planOf"> },
  command: Command,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { engine } = deps;
  switch (command.kind) {
    case "update":
    case "recreate":
    case "rollback": {
      const { target, all } = await surveyOf(engine, command.container, signal);
      const grouping = dependantsFor(target, all);
      if (grouping.kind === "cycle") return [];
      const names = [command.container, ...grouping.dependants.recreate, ...grouping.dependants.restart];
      if (!isBackedUpFirst(command.kind, target.Config.Labels, deps.backupFirst)) return names;
      return [...names, ...(await backupScopeOf(deps, command.container, signal))];
    }
    case "start":
    case "restart": {
      const { target, all } = await surveyOf(engine, command.container, signal);
      const grouping = dependantsFor(target, all);
      return grouping.kind === "cycle" ? [] : [command.container, ...grouping.dependants.recreate];
    }
    case "backup":
      return await backupScopeOf(deps, command.container, signal);
    case "restore": {
      // Two restores that make the same volumes would be in each other's way.
      const { volumes } = await deps.vault.planOf(command.file, signal);
      return [command.container, ...(command.volumes === "new" ? [] : volumes.map(({ name }) => volumeLockFor(name)))];
    }
    default:
      return [];
  }
}
