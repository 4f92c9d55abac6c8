import { nameFrom } from "../core/container.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import { type JournalEntry, newNameFor, oldNameFor, type SwapMember, type SwapStep } from "../core/journal.ts";
import type { Observed } from "../core/leftovers.ts";
import type { Engine, Journal } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { deadline } from "../lib/time.ts";
import { createCandidate } from "./candidate.ts";
import { keepPreviousImage, releaseImages } from "./held-image.ts";
import { putBack, removeIfThere } from "./put-back.ts";
import { inspectIfThere } from "./survey.ts";

export interface SwapDependencies {
  readonly engine: Pick<
    Engine,
    | "create"
    | "connect"
    | "disconnect"
    | "inspect"
    | "inspectImage"
    | "list"
    | "log"
    | "pause"
    | "readFile"
    | "remove"
    | "rename"
    | "setRestartPolicy"
    | "start"
    | "stop"
    | "tag"
    | "tagsOf"
    | "untag"
    | "writeFiles"
  >;
  readonly journal: Journal;
  /** How many old images stay after an update of a container of `image`; undefined: all of them. */
  readonly keptImages: (image: string) => number | undefined;
  /** The container that this process runs in. */
  readonly ownContainerId?: string | undefined;
  readonly log: Log;
}

/**
 * A replacement, step by step, and its undoing. Every step is noted in the journal before it is taken. Both ways read
 * the engine's state first and do only what is still to be done: the same functions serve an update that goes well, one
 * that fails, one that crashed, and one that crashed while it was being undone.
 */
export interface Swap {
  /** The entry as it was last noted. */
  readonly entry: () => JournalEntry;
  /**
   * Creates the new containers under their temporary names. The old ones run on: the engine accepts the same addresses,
   * ports and volumes as long as the new ones are not started.
   */
  readonly createCandidates: (signal: AbortSignal) => Promise<void>;
  /** Stops the old containers, those that depend on others first. Rejects, with nothing changed, if one is not as planned. */
  readonly stopOld: (signal: AbortSignal) => Promise<void>;
  /** Gives a member's name to its new container, and starts that if the old one ran. Resolves to its id. */
  readonly takeOver: (container: string, signal: AbortSignal) => Promise<string>;
  readonly noteVerifying: () => Promise<void>;
  /** All gates were passed: the old containers go. Resolves to a sentence for each that stays. */
  readonly commit: (signal: AbortSignal) => Promise<readonly string[]>;
  /**
   * Puts the very same old containers back, running as they ran before. Resolves to a sentence for each that is not back
   * as it was. Where the engine does not let it, it throws, and the journal keeps the operation for the next try.
   */
  readonly undo: (cause: UndoCause, signal: AbortSignal) => Promise<readonly string[]>;
  /** What the engine shows of the members, in their order. */
  readonly observe: (signal: AbortSignal) => Promise<readonly Observed[]>;
  /** Ends the operation's notes, and with them the hold on images. */
  readonly close: (signal: AbortSignal) => Promise<void>;
}

/** Why a replacement is undone: a sentence, and whether the new containers were tried and did not work. */
export interface UndoCause {
  readonly cause: string;
  readonly judged: boolean;
}

/** A replacement that stands where `start` says. */
export function createSwap(deps: SwapDependencies, start: JournalEntry): Swap {
  const { engine, journal, log } = deps;
  const { operation } = start;
  let entry = start;
  const note = async (step: SwapStep, changes: Partial<JournalEntry> = {}): Promise<void> => {
    entry = { ...entry, ...changes, step };
    await journal.put(entry);
  };
  const observe = (signal: AbortSignal): Promise<readonly Observed[]> => observeAll(engine, entry, signal);
  const close = async (signal: AbortSignal): Promise<void> => {
    await releaseImages(deps, entry, signal);
    await journal.remove(operation);
  };

  return {
    entry: () => entry,
    observe,
    close,
    createCandidates: async (signal) => {
      await note("creating");
      const newIds = new Map<string, string>();
      const noteRetags = (more: JournalEntry["retags"]) => note("creating", { retags: start.retags.concat(more) });
      for (const member of start.members) {
        const newId = await createCandidate(deps, { member, operation, newIds, noteRetags }, signal);
        newIds.set(member.container, newId);
        entry = { ...entry, members: entry.members.map((other) => withNewId(other, newIds)) };
      }
    },
    stopOld: async (signal) => {
      const members = start.members.toReversed();
      for (const seen of await observe(signal)) requireAsPlanned(seen);
      await note("restraining");
      for (const { oldId } of members) await engine.setRestartPolicy(oldId, { Name: "no" }, signal);
      await note("switching");
      for (const { oldId, inspect } of members) await stopWithin(engine, oldId, inspect, signal);
    },
    takeOver: async (container, signal) => {
      const member = entry.members.find((other) => other.container === container) as SwapMember;
      const { old, candidate } = await observeMember(engine, member, operation, signal);
      if (candidate === undefined) throw new GangwayError("engine_not_found", `the new ${container} has vanished`);
      if (old !== undefined && nameFrom(old.Name) === container) {
        await engine.rename(old.Id, oldNameFor(container, operation), signal);
      }
      if (nameFrom(candidate.Name) !== container) await engine.rename(candidate.Id, container, signal);
      if (member.wasRunning && !candidate.State.Running) await engine.start(candidate.Id, signal);
      return candidate.Id;
    },
    noteVerifying: () => note("verifying"),
    commit: async (signal) => {
      await note("committed", { retags: [] });
      const remarks = await removeOld(engine, await observe(signal), operation, signal);
      const isCleanedUp = deps.keptImages(entry.members[0]?.reference ?? "") !== undefined;
      await keepPreviousImage(deps, entry, { isCleanedUp }, signal);
      await close(signal);
      return remarks;
    },
    undo: async ({ cause, judged }, signal) => {
      const observed = await observe(signal);
      const reached = entry.reached ?? entry.step;
      const words = entry.log ?? (await lastWords(deps, observed, signal));
      // A full disk must not keep a container from being put back: every earlier note leads to the same end.
      const changes = { cause, reached, judged, ...(words === undefined ? {} : { log: words }) };
      await note("rolling_back", changes).catch((error: unknown) =>
        log.error({ container: start.container, err: error }, "the rollback could not be noted"),
      );
      const exceptions = await putBack(deps, entry, observed, signal);
      await close(signal).catch((error: unknown) =>
        log.error({ container: start.container, err: error }, "the rollback could not be closed yet"),
      );
      return exceptions;
    },
  };
}

/** Removes the old containers, those that depend on others first, but none that somebody took up again. */
async function removeOld(
  engine: Pick<Engine, "remove">,
  observed: readonly Observed[],
  operation: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const remarks: string[] = [];
  for (const { member, old } of observed.toReversed()) {
    if (old === undefined) continue;
    if (isLeftAside(member, old, operation)) await removeIfThere(engine, old.Id, signal);
    else
      remarks.push(`Somebody took the old ${member.container} up again: it is left alone, as ${nameFrom(old.Name)}.`);
  }
  return remarks;
}

/** Has nobody taken the old container up again since it was put aside? */
function isLeftAside({ container }: SwapMember, old: ContainerInspect, operation: string): boolean {
  return nameFrom(old.Name) === oldNameFor(container, operation) && !old.State.Running;
}

function withNewId(member: SwapMember, newIds: ReadonlyMap<string, string>): SwapMember {
  const newId = newIds.get(member.container);
  return newId === undefined ? member : { ...member, newId };
}

function observeAll(
  engine: Pick<Engine, "inspect">,
  { members, operation }: JournalEntry,
  signal: AbortSignal,
): Promise<readonly Observed[]> {
  return Promise.all(members.map((member) => observeMember(engine, member, operation, signal)));
}

async function observeMember(
  engine: Pick<Engine, "inspect">,
  member: SwapMember,
  operation: string,
  signal: AbortSignal,
): Promise<Observed> {
  const [old, candidate] = await Promise.all([
    inspectIfThere(engine, member.oldId, signal),
    inspectIfThere(engine, member.newId ?? newNameFor(member.container, operation), signal),
  ]);
  return { member, old, candidate };
}

/** The plan was made from what the container was then: whoever changed it since means something by it. */
function requireAsPlanned({ member: { container, inspect }, old }: Observed): void {
  const isAsPlanned =
    old !== undefined &&
    old.Name === inspect.Name &&
    // One in a crash loop is up and down all the time.
    (old.State.Running === inspect.State.Running || inspect.State.Restarting || old.State.Restarting) &&
    old.State.Paused === inspect.State.Paused &&
    old.HostConfig.RestartPolicy?.Name === inspect.HostConfig.RestartPolicy?.Name;
  if (!isAsPlanned) {
    throw new GangwayError("engine_conflict", `somebody changed ${container} while its replacement was being prepared`);
  }
}

/** The engine's own default grace period, and what the engine needs besides. */
const stopTimeoutSeconds = 10;
const stopMarginSeconds = 30;

/** Stops a container with its own grace period. That no answer came is no failure yet: the container is looked at. */
async function stopWithin(
  engine: Pick<Engine, "inspect" | "stop">,
  id: string,
  { Config }: ContainerInspect,
  signal: AbortSignal,
): Promise<void> {
  const grace = typeof Config["StopTimeout"] === "number" ? Config["StopTimeout"] : stopTimeoutSeconds;
  // A negative one means "for ever".
  const limit = grace < 0 ? signal : deadline((grace + stopMarginSeconds) * 1_000, signal);
  try {
    await engine.stop(id, limit);
  } catch (error) {
    signal.throwIfAborted();
    if ((await engine.inspect(id, signal)).State.Running) throw error;
  }
}

const logLines = 200;
const longestLog = 8_192;

/** The end of the log of the new container that has come furthest. */
async function lastWords(
  { engine, log }: Pick<SwapDependencies, "engine" | "log">,
  observed: readonly Observed[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const started = observed.findLast(({ candidate }) => candidate !== undefined && candidate.State.Status !== "created");
  if (started?.candidate === undefined) return undefined;
  try {
    return (await engine.log(started.candidate.Id, logLines, signal)).slice(-longestLog);
  } catch (error) {
    log.debug({ err: error }, "the new container's log could not be read");
    return undefined;
  }
}
