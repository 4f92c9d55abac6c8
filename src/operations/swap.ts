import { nameFrom } from "../core/container.ts";
import { parseImageReference } from "../core/image-reference.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import { type JournalEntry, keepRepository, newNameFor, oldNameFor, type SwapStep } from "../core/journal.ts";
import type { Observed } from "../core/leftovers.ts";
import type { Engine, Journal } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

export interface SwapDependencies {
  readonly engine: Pick<
    Engine,
    | "create"
    | "connect"
    | "disconnect"
    | "setRestartPolicy"
    | "stop"
    | "rename"
    | "start"
    | "pause"
    | "remove"
    | "inspect"
    | "log"
    | "untag"
  >;
  readonly journal: Journal;
  readonly log: Log;
}

/**
 * The replacement of one container, step by step, and its undoing. Every step is noted in the journal before it is
 * taken. Undoing reads the engine's state anew and takes only the steps that are still needed: the same function serves
 * an update that failed, one that crashed, and one that crashed while it was being undone.
 */
export interface Swap {
  /** The entry as it was last noted. */
  readonly entry: () => JournalEntry;
  /**
   * Creates the new container under its temporary name, in the networks that it belongs to. The old one runs on: the
   * engine accepts the same addresses, ports and volumes as long as the new one is not started.
   */
  readonly createCandidate: (signal: AbortSignal) => Promise<void>;
  /** Stops the old container, gives its name to the new one, and starts that if the old one ran. */
  readonly switchOver: (signal: AbortSignal) => Promise<void>;
  /** The gate was passed: the old container goes. */
  readonly commit: (signal: AbortSignal) => Promise<void>;
  /**
   * Puts the very same old container back, running as it ran before. Where the engine does not let it, it throws, and
   * the journal keeps the operation for the next try.
   */
  readonly undo: (cause: string, signal: AbortSignal) => Promise<void>;
  /** What the engine shows of the two containers. */
  readonly observe: (signal: AbortSignal) => Promise<Observed>;
  /** Ends the operation's notes, and with them the hold on the old image. */
  readonly close: (signal: AbortSignal) => Promise<void>;
}

const logLines = 200;

/** A replacement that stands where `start` says. */
export function createSwap(deps: SwapDependencies, start: JournalEntry): Swap {
  const { engine, journal } = deps;
  const { oldId, container } = start;
  let entry = start;
  const note = async (step: SwapStep, members: Partial<JournalEntry> = {}): Promise<void> => {
    entry = { ...entry, ...members, step };
    await journal.put(entry);
  };
  const observe = (signal: AbortSignal): Promise<Observed> => observeSwap(engine, entry, signal);
  const close = (signal: AbortSignal): Promise<void> => closeSwap(deps, entry, signal);

  return {
    entry: () => entry,
    observe,
    close,
    createCandidate: async (signal) => {
      const { body, platform, connect, disconnect } = start.plan;
      await note("creating");
      const request = { name: newNameFor(start), body, ...(platform === undefined ? {} : { platform }) };
      const { id: newId } = await engine.create(request, signal);
      entry = { ...entry, newId };
      for (const { network, endpoint } of connect) await engine.connect(network, newId, endpoint, signal);
      for (const network of disconnect) await engine.disconnect(network, newId, signal);
    },
    switchOver: async (signal) => {
      const newId = entry.newId ?? newNameFor(start);
      await note("restraining");
      await engine.setRestartPolicy(oldId, { Name: "no" }, signal);
      await note("stopping");
      await engine.stop(oldId, signal);
      await note("renaming_old");
      await engine.rename(oldId, oldNameFor(start), signal);
      await note("renaming_new");
      await engine.rename(newId, container, signal);
      await note("starting");
      if (start.wasRunning) await engine.start(newId, signal);
      await note("verifying");
    },
    commit: async (signal) => {
      await note("committed");
      await removeIfThere(engine, oldId, signal);
      await close(signal);
    },
    undo: async (cause, signal) => {
      const { old: found, candidate } = await observe(signal);
      // The engine goes on with a stop whose caller is gone: wait for its end, or the container would fall after all.
      if (entry.step === "stopping" && found?.State.Running === true) await engine.stop(oldId, signal);
      const log = entry.log ?? (candidate === undefined ? undefined : await lastLines(deps, candidate.Id, signal));
      await note("rolling_back", { cause, ...(log === undefined ? {} : { log }) });
      if (candidate !== undefined) await removeIfThere(engine, candidate.Id, signal);
      await restore(engine, entry, signal);
      await close(signal);
    },
  };
}

/** Gives the old container its name, its restart policy and its life back, as far as it lacks them. */
async function restore(engine: SwapDependencies["engine"], entry: JournalEntry, signal: AbortSignal): Promise<void> {
  const { oldId, container, restartPolicy, wasRunning, wasPaused } = entry;
  const old = await engine.inspect(oldId, signal);
  if (nameFrom(old.Name) !== container) await engine.rename(oldId, container, signal);
  await engine.setRestartPolicy(oldId, restartPolicy, signal);
  if (wasRunning && !old.State.Running) await engine.start(oldId, signal);
  const isPaused = (await engine.inspect(oldId, signal)).State.Paused;
  if (wasPaused && !isPaused) await engine.pause(oldId, signal);
}

async function observeSwap(
  engine: Pick<Engine, "inspect">,
  entry: JournalEntry,
  signal: AbortSignal,
): Promise<Observed> {
  const [old, candidate] = await Promise.all([
    inspectIfThere(engine, entry.oldId, signal),
    inspectIfThere(engine, entry.newId ?? newNameFor(entry), signal),
  ]);
  return { old, candidate };
}

async function closeSwap(deps: SwapDependencies, entry: JournalEntry, signal: AbortSignal): Promise<void> {
  const keep = parseImageReference(`${keepRepository}:${entry.operation}`);
  if (keep.kind === "reference") {
    // A container may still use the image; the tag alone is in nobody's way.
    await deps.engine.untag(keep, signal).catch((error: unknown) => {
      if (!isErrorWithCode(error, "engine_not_found")) deps.log.debug({ err: error }, "tag could not be removed");
    });
  }
  await deps.journal.remove(entry.operation);
}

async function lastLines(deps: SwapDependencies, id: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await deps.engine.log(id, logLines, signal);
  } catch (error) {
    deps.log.debug({ err: error }, "the candidate's log could not be read");
    return undefined;
  }
}

async function inspectIfThere(
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

async function removeIfThere(engine: Pick<Engine, "remove">, id: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.remove(id, { force: true }, signal);
  } catch (error) {
    if (!isErrorWithCode(error, "engine_not_found")) throw error;
  }
}
