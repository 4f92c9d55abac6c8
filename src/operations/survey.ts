import PQueue from "p-queue";
import { nameFrom } from "../core/container.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import { successorsOf } from "../core/lost-parents.ts";
import type { Engine } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";

/** A container among all others of its engine. */
export interface Survey {
  readonly target: ContainerInspect;
  readonly all: readonly ContainerInspect[];
  /** Names by id, also by the ids of containers that are gone and whose successors are known. */
  readonly names: ReadonlyMap<string, string>;
}

const parallelInspects = 8;

/** Reads a container and all others. Rejects with `engine_not_found` where there is none of this name. */
export async function surveyOf(
  engine: Pick<Engine, "list" | "inspect">,
  container: string,
  signal: AbortSignal,
): Promise<Survey> {
  const all = await inspectAll(engine, signal);
  const target = all.find(({ Name }) => nameFrom(Name) === container) ?? (await engine.inspect(container, signal));
  const names = all.map(({ Id, Name }) => [Id, nameFrom(Name)] as const);
  return { target, all, names: new Map([...names, ...successorsOf(all)]) };
}

/** All containers that there are, stopped ones too. */
export async function inspectAll(
  engine: Pick<Engine, "list" | "inspect">,
  signal: AbortSignal,
): Promise<readonly ContainerInspect[]> {
  const queue = new PQueue({ concurrency: parallelInspects });
  const inspects = (await engine.list(signal)).map(({ id }) => queue.add(() => inspectIfThere(engine, id, signal)));
  return (await Promise.all(inspects)).flatMap((inspect) => inspect ?? []);
}

/** Undefined where there is no such container. */
export async function inspectIfThere(
  engine: Pick<Engine, "inspect">,
  id: string,
  signal: AbortSignal,
): Promise<ContainerInspect | undefined> {
  try {
    return await engine.inspect(id, signal);
  } catch (error) {
    if (isErrorWithCode(error, "engine_not_found")) return undefined;
    throw error;
  }
}
