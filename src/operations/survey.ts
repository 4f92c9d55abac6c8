import PQueue from "p-queue";
import { nameFrom } from "../core/container.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import { successorsOf } from "../core/lost-parents.ts";
import type { Engine } from "../core/ports.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";

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
  const target =
    all.find(({ Name }) => nameFrom(Name) === container) ?? (await inspectNamed(engine, container, signal));
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

/**
 * The container that has this name; undefined where none has it. The engine itself takes a name that nobody has for the
 * beginning of an id, and gives another container, or refuses where several ids begin so.
 */
export async function inspectByName(
  engine: Pick<Engine, "list" | "inspect">,
  name: string,
  signal: AbortSignal,
): Promise<ContainerInspect | undefined> {
  const isIt = (found: ContainerInspect | undefined): boolean => found !== undefined && nameFrom(found.Name) === name;
  try {
    const found = await inspectIfThere(engine, name, signal);
    if (found === undefined || isIt(found)) return found;
  } catch (error) {
    const mayBeOfIds = /^[0-9a-f]+$/.test(name) && isErrorWithCode(error, ...saidOfSeveral);
    if (!mayBeOfIds) throw error;
  }
  const listed = (await engine.list(signal)).find((line) => line.name === name);
  const found = listed === undefined ? undefined : await inspectIfThere(engine, listed.id, signal);
  return isIt(found) ? found : undefined;
}

/** Docker's answer where several ids begin so is 400, or 500 before; other engines have others. */
const saidOfSeveral = ["engine_refused", "engine_conflict", "engine_failed"] as const;

/** The container that has this name. Rejects with `engine_not_found` where none has it. */
export async function inspectNamed(
  engine: Pick<Engine, "list" | "inspect">,
  name: string,
  signal: AbortSignal,
): Promise<ContainerInspect> {
  const found = await inspectByName(engine, name, signal);
  if (found === undefined) throw new GangwayError("engine_not_found", `The engine has no container ${name}`);
  return found;
}

/** Undefined where there is no such container. `id` is whole, or a transient name, which begins no id: see `inspectByName`. */
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
