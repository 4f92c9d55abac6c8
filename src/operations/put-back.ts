import { nameFrom } from "../core/container.ts";
import { type JournalEntry, newNameFor, oldNameFor, type SwapMember } from "../core/journal.ts";
import type { Observed } from "../core/leftovers.ts";
import type { Engine } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import { startGivenUp } from "./given-up.ts";
import { inspectByName } from "./survey.ts";

export interface PutBackDependencies {
  readonly engine: Pick<
    Engine,
    "inspect" | "list" | "pause" | "remove" | "rename" | "setRestartPolicy" | "start" | "stop"
  >;
  /** The container that this process runs in. */
  readonly ownContainerId?: string | undefined;
}

/**
 * Removes the new containers and gives the old ones their names, their restart policies and their lives back, as far as
 * they lack them. Where somebody removed an old container in the meantime, the new ones of it and of its dependants are
 * all there is: they stay. Resolves to a sentence for each container that is not back as it was, or that is kept beside
 * it. Takes up where an earlier try was cut off.
 */
export async function putBack(
  { engine, ownContainerId }: PutBackDependencies,
  entry: JournalEntry,
  observed: readonly Observed[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (entry.reached === "creating") {
    const untouched = observed.map(({ member, old }) => ({ member, inspect: old }));
    return [...(await removeNew(engine, entry, observed, signal)), ...(await startGivenUp(engine, untouched, signal))];
  }
  const lost = observed.findIndex(({ old }) => old === undefined);
  const kept = lost === -1 ? observed : observed.slice(0, lost);
  const gone = lost === -1 ? [] : observed.slice(lost);

  for (const seen of kept.toReversed()) {
    // Nobody would start it again. What it depends on was to be stopped after it, so that is not being stopped either.
    if (seen.member.oldId === ownContainerId) break;
    if (entry.reached === "switching") await awaitStop(engine, seen, signal);
  }
  const sentences = [...(await removeNew(engine, entry, kept, signal))];
  for (const { member } of kept) sentences.push(...(await restore(engine, member, signal)));
  for (const seen of gone) sentences.push(...(await keepNew(engine, seen, entry.operation, signal)));
  return sentences;
}

/**
 * Removes the new containers, those that depend on others first. One that somebody gave a name of their own is theirs.
 * The old ones are not touched: what somebody did to them while nothing was done to them yet is to stay.
 */
async function removeNew(
  engine: PutBackDependencies["engine"],
  { operation }: JournalEntry,
  observed: readonly Observed[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const sentences: string[] = [];
  for (const { member, old, candidate } of observed.toReversed()) {
    const { container } = member;
    const name = candidate === undefined ? undefined : nameFrom(candidate.Name);
    if (name === undefined || candidate === undefined) continue;
    if (name === container || name === newNameFor(container, operation)) {
      await removeIfThere(engine, candidate.Id, signal);
    } else sentences.push(`The new ${container} is kept as ${name}, as somebody named it.`);
    if (old === undefined) sentences.push(`Somebody removed ${container} in the meantime.`);
  }
  return sentences;
}

/**
 * The engine goes on with a stop whose caller is gone: a container that was not started anew since would fall after all
 * once it is back.
 */
async function awaitStop(
  engine: PutBackDependencies["engine"],
  { member, old }: Observed,
  signal: AbortSignal,
): Promise<void> {
  if (old?.State.Running !== true || old.State.StartedAt !== member.inspect.State.StartedAt) return;
  await engine.stop(old.Id, signal);
}

async function restore(
  engine: PutBackDependencies["engine"],
  { container, oldId, restartPolicy, wasRunning, wasPaused }: SwapMember,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const old = await engine.inspect(oldId, signal);
  const holder = await inspectByName(engine, container, signal);
  if (holder !== undefined && holder.Id !== oldId) {
    return [
      `Another container has taken the name ${container} in the meantime; the old one is kept, stopped, as ` +
        `${nameFrom(old.Name)}: remove the one that you do not want, and rename the other.`,
    ];
  }
  if (nameFrom(old.Name) !== container) await engine.rename(oldId, container, signal);
  await engine.setRestartPolicy(oldId, restartPolicy, signal);
  if (wasRunning && !old.State.Running) await engine.start(oldId, signal);
  const isPaused = (await engine.inspect(oldId, signal)).State.Paused;
  if (wasPaused && !isPaused) await engine.pause(oldId, signal);
  return [];
}

/** The old container, or one that it depends on, is not there any more: the new one gets its name and its life. */
async function keepNew(
  engine: PutBackDependencies["engine"],
  { member, old, candidate }: Observed,
  operation: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { container, wasRunning } = member;
  const holder = await inspectByName(engine, container, signal);
  if (holder !== undefined && holder.Id !== candidate?.Id && holder.Id !== old?.Id) {
    const rest = candidate === undefined ? "" : `; the new one is kept as ${nameFrom(candidate.Name)}`;
    return [`Somebody removed the old ${container}, and another container has taken its name${rest}.`];
  }
  if (candidate === undefined) {
    if (old !== undefined) return await restore(engine, member, signal);
    return [`Somebody removed ${container} in the meantime, the old container and the new one.`];
  }
  const aside = oldNameFor(container, operation);
  if (old !== undefined && nameFrom(old.Name) === container) {
    await engine.stop(old.Id, signal);
    await engine.rename(old.Id, aside, signal);
  }
  if (nameFrom(candidate.Name) !== container) await engine.rename(candidate.Id, container, signal);
  if (wasRunning && !candidate.State.Running) await engine.start(candidate.Id, signal);
  const rest = old === undefined ? "" : ` Its old container, which cannot run any more, is kept as ${aside}.`;
  return [`The old ${container} could not be put back, so the new one was left in its place.${rest}`];
}

/** Removes a container, also one that runs; that it is gone already is as good. */
export async function removeIfThere(engine: Pick<Engine, "remove">, id: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.remove(id, { force: true }, signal);
  } catch (error) {
    if (!isErrorWithCode(error, "engine_not_found")) throw error;
  }
}
