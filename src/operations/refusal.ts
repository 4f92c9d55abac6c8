import PQueue from "p-queue";
import { nameFrom } from "../core/container.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { ContainerSummary, Engine, Journal } from "../core/ports.ts";
import { dependantsOf, refusalFor } from "../core/recreate.ts";
import { isErrorWithCode } from "../lib/errors.ts";

export interface RefusalDependencies {
  readonly engine: Pick<Engine, "list" | "inspect">;
  readonly journal: Pick<Journal, "all">;
  readonly ownContainerId: string | undefined;
}

const parallelInspects = 8;

/** Why this container must not be replaced now, in one sentence; undefined where it may be. Changes nothing. */
export async function refusalOf(
  deps: RefusalDependencies,
  inspect: ContainerInspect,
  signal: AbortSignal,
): Promise<string | undefined> {
  const name = nameFrom(inspect.Name);
  if (inspect.Id === deps.ownContainerId) {
    return `${name} is Gangway itself, which cannot replace itself yet; update it with docker or compose.`;
  }
  const all = await deps.engine.list(signal);
  const refusal = refusalFor(inspect, new Map(all.map((container) => [container.id, container.name])));
  if (refusal !== undefined) return refusal;
  if ((await deps.journal.all()).some((entry) => entry.oldId === inspect.Id || entry.newId === inspect.Id)) {
    return `An earlier update of ${name} is not finished; Gangway finishes or undoes it first.`;
  }
  const dependants = dependantsOf(inspect, await inspectAll(deps.engine, all, signal));
  if (dependants.length === 0) return undefined;
  return (
    `${dependants.join(", ")} would lose the network or namespace that ${name} provides; ` +
    "Gangway cannot replace such groups yet. Recreate them together with compose."
  );
}

async function inspectAll(
  engine: RefusalDependencies["engine"],
  all: readonly ContainerSummary[],
  signal: AbortSignal,
): Promise<readonly ContainerInspect[]> {
  const queue = new PQueue({ concurrency: parallelInspects });
  const inspects = all.map(({ id }) =>
    queue.add(async () => {
      try {
        return [await engine.inspect(id, signal)];
      } catch (error) {
        // It went away since it was listed.
        if (isErrorWithCode(error, "engine_not_found")) return [];
        throw error;
      }
    }),
  );
  return (await Promise.all(inspects)).flat();
}
