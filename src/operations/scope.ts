import { dependantsFor } from "../core/dependants.ts";
import type { Command } from "../core/operation.ts";
import type { Engine } from "../core/ports.ts";
import { surveyOf } from "./survey.ts";

/** Which containers a command will touch: those, too, that are replaced or restarted together with its own. */
export async function scopeOf(
  { engine }: { readonly engine: Pick<Engine, "inspect" | "list"> },
  command: Command,
  signal: AbortSignal,
): Promise<readonly string[]> {
  switch (command.kind) {
    case "update":
    case "recreate":
    case "rollback": {
      const { target, all } = await surveyOf(engine, command.container, signal);
      const grouping = dependantsFor(target, all);
      if (grouping.kind === "cycle") return [];
      return [command.container, ...grouping.dependants.recreate, ...grouping.dependants.restart];
    }
    case "start":
    case "restart": {
      const { target, all } = await surveyOf(engine, command.container, signal);
      const grouping = dependantsFor(target, all);
      return grouping.kind === "cycle" ? [] : [command.container, ...grouping.dependants.recreate];
    }
    default:
      return [];
  }
}
