import { type JournalEntry, keepRepository } from "../core/journal.ts";
import { leftoverFor } from "../core/leftovers.ts";
import type { OperationResult, Outcome } from "../core/operation.ts";
import type { Engine, Inventory } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { untilAborted } from "../lib/time.ts";
import { type ReplaceDependencies, verify } from "./replace.ts";
import type { Report } from "./runner.ts";
import { createSwap, type Swap } from "./swap.ts";

export interface RecoverDependencies extends ReplaceDependencies {
  readonly engine: ReplaceDependencies["engine"] & Pick<Engine, "tagsOf">;
  readonly inventory: Inventory;
  readonly node: string;
  readonly onResult: (result: OperationResult) => void;
}

export interface Recovery {
  /** Resolves when what a crash left behind has been dealt with, or at the shutdown. */
  readonly done: Promise<void>;
}

/**
 * Finishes or undoes every replacement that a crash of Gangway, of the engine or of the machine left half done: as soon
 * as the engine is there, and again whenever it comes back, for it may have gone away in the middle of one.
 */
export function createRecovery(deps: RecoverDependencies, signal: AbortSignal): Recovery {
  const { inventory } = deps;
  const first = Promise.withResolvers<void>();
  let turn: Promise<void> = Promise.resolve();
  const recoverAll = (): void => {
    turn = turn.then(() => recoverLeftovers(deps, signal)).then(first.resolve);
  };
  const subscription = inventory.subscribe((change) => {
    if (change.kind === "node" && change.before.engine === undefined && change.after.engine !== undefined) recoverAll();
  });
  if (inventory.node().engine !== undefined) recoverAll();
  void untilAborted(signal).then(() => {
    subscription[Symbol.dispose]();
    first.resolve();
  });
  return { done: first.promise };
}

async function recoverLeftovers(deps: RecoverDependencies, signal: AbortSignal): Promise<void> {
  for (const entry of await unfinished(deps)) {
    const fields = { container: entry.container, operation: entry.id, step: entry.step };
    deps.log.warn(fields, "an interrupted update was found");
    try {
      const outcome = await recover(deps, entry, signal);
      const { id, container, startedAt } = entry;
      const finishedAt = new Date(deps.clock.now()).toISOString();
      const result: OperationResult = { id, command: "update", container, startedAt, finishedAt, ...outcome };
      deps.inventory.setResult(container, result);
      deps.onResult(result);
    } catch (error) {
      deps.log.error({ ...fields, err: error }, "an interrupted update could not be dealt with yet");
    } finally {
      deps.inventory.clearProgress(entry.container, entry.id);
    }
  }
  await freeImages(deps, signal);
}

/** An update that died before its first note has left nothing but the tag that held its image. */
async function freeImages(deps: RecoverDependencies, signal: AbortSignal): Promise<void> {
  const { engine, journal, inventory, log } = deps;
  // One that is still pulling has no note yet either.
  if (inventory.all().some(({ progress }) => progress?.command === "update")) return;
  try {
    const held = new Set((await journal.all()).map(({ operation }) => operation));
    for (const tag of await engine.tagsOf(keepRepository, signal)) {
      if (!held.has(tag.tag ?? "")) await engine.untag(tag, signal);
    }
  } catch (error) {
    log.debug({ err: error }, "held images could not be looked for");
  }
}

/** Entries of this node that nobody is at work on. */
async function unfinished({ journal, inventory, node, log }: RecoverDependencies): Promise<readonly JournalEntry[]> {
  try {
    const entries = await journal.all();
    return entries.filter(
      (entry) => entry.node === node && inventory.get(entry.container)?.progress?.operation !== entry.id,
    );
  } catch (error) {
    log.error({ err: error }, "the journal could not be read");
    return [];
  }
}

async function recover(deps: RecoverDependencies, entry: JournalEntry, signal: AbortSignal): Promise<Outcome> {
  const swap = createSwap(deps, entry);
  const { container, from, to, id } = entry;
  const report: Report = (progress) =>
    deps.inventory.setProgress(container, { operation: id, command: "update", ...progress });
  const leftover = leftoverFor(entry, await swap.observe(signal));
  switch (leftover.kind) {
    case "finish":
      await swap.commit(signal);
      return { state: "updated", message: `${container} was updated from ${from} to ${to}.`, from, to };
    case "verify":
      return await verify(deps, swap, report, signal);
    case "undo": {
      report({ phase: "rolling_back" });
      await swap.undo(leftover.cause, signal);
      await deps.onRestored(await deps.engine.inspect(entry.oldId, signal), entry.newDigest);
      const { log } = swap.entry();
      const message = `${leftover.cause}; the old ${container} is back as it was.`;
      return { state: "rolled_back", message, from, to, ...(log === undefined || log === "" ? {} : { log }) };
    }
    case "forward":
      await goForward(deps, swap, signal);
      return await verify(deps, swap, report, signal);
    case "lost": {
      await swap.close(signal);
      const message = `While the update of ${container} was interrupted, somebody removed the old container and the new one.`;
      return { state: "failed", message, from, to };
    }
  }
}

/** The old container is gone: the new one gets what it still lacks. */
async function goForward({ engine }: RecoverDependencies, swap: Swap, signal: AbortSignal): Promise<void> {
  const entry = swap.entry();
  const { candidate } = await swap.observe(signal);
  if (candidate === undefined) throw new GangwayError("engine_not_found", "the new container has vanished");
  if (candidate.Name !== `/${entry.container}`) await engine.rename(candidate.Id, entry.container, signal);
  if (entry.wasRunning && !candidate.State.Running) await engine.start(candidate.Id, signal);
}
