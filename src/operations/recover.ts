import { swapNameParts } from "../core/container.ts";
import { type JournalEntry, keepRepository, newNameFor, oldNameFor } from "../core/journal.ts";
import type { OperationResult, Outcome } from "../core/operation.ts";
import type { Engine, Inventory } from "../core/ports.ts";
import type { Locks } from "../lib/locks.ts";
import { backoff, deadline, pause } from "../lib/time.ts";
import { followHelper, type HandOverDependencies } from "./hand-over.ts";
import { putRight } from "./put-right.ts";
import { engineLock, type Report } from "./runner.ts";
import { createSwap } from "./swap.ts";

export interface RecoverDependencies extends HandOverDependencies {
  readonly engine: HandOverDependencies["engine"] & Pick<Engine, "list">;
  readonly inventory: Inventory;
  readonly node: string;
  /** The operations that somebody is at work on. */
  readonly atWork: ReadonlySet<string>;
  readonly locks: Locks;
  readonly onResult: (result: OperationResult) => void;
  /** Ends interrupted backups; resolves to the number of those that are still to be dealt with. */
  readonly recoverBackups: (signal: AbortSignal) => Promise<number>;
}

export interface Recovery {
  /** Resolves when what a crash left behind has been looked at once, or at the shutdown. */
  readonly done: Promise<void>;
  /** Looks into the journal anew: an operation has ended, perhaps not well. */
  readonly look: () => void;
  /** Begins nothing more, and resolves when what is being put right is right, or `graceMs` are over. */
  readonly stop: (graceMs: number) => Promise<void>;
}

const firstRetryMs = 5_000;
const longestRetryMs = 300_000;
const helperPollMs = 1_000;
const quickMs = 30_000;

/**
 * Finishes or undoes every replacement that a crash of Gangway, of the engine or of the machine left half done: as soon
 * as the engine is there, whenever it comes back, and again and again while one cannot be put right.
 */
export function createRecovery(deps: RecoverDependencies): Recovery {
  const { inventory } = deps;
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  const told = new Map<string, string>();
  let woken = Promise.withResolvers<void>();
  const look = (): void => woken.resolve();
  const subscription = inventory.subscribe((change) => {
    if (change.kind === "node" && change.before.engine === undefined && change.after.engine !== undefined) look();
  });

  const run = async (): Promise<void> => {
    let failures = 0;
    let helpers = 0;
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers<void>();
      if (inventory.node().engine !== undefined) {
        helpers = await followHelpers(deps, told, stopping.signal);
        const left =
          (await recoverLeftovers(deps, told, stopping.signal)) + (await deps.recoverBackups(stopping.signal));
        failures = left === 0 ? 0 : failures + 1;
        first.resolve();
      }
      const waiting = new AbortController();
      const retryMs = failures === 0 ? longestRetryMs : backoff(failures - 1, firstRetryMs, longestRetryMs);
      const waitMs = helpers === 0 ? retryMs : helperPollMs;
      const retry = failures + helpers === 0 ? [] : [pause(waitMs, waiting.signal)];
      await Promise.race([woken.promise, ...retry]);
      waiting.abort();
    }
  };
  const ended = run();
  return {
    done: first.promise,
    look,
    stop: async (graceMs) => {
      stopping.abort();
      subscription[Symbol.dispose]();
      first.resolve();
      look();
      await Promise.race([ended, pause(graceMs, AbortSignal.timeout(graceMs))]);
    },
  };
}

/** Resolves to the number of entries that are still to be dealt with. */
async function recoverLeftovers(
  deps: RecoverDependencies,
  told: Map<string, string>,
  signal: AbortSignal,
): Promise<number> {
  for (const entry of await unfinished(deps)) {
    if (signal.aborted) break;
    const fields = { container: entry.container, operation: entry.id, step: entry.step };
    const names = entry.members.map(({ container }) => container);
    using _ = await deps.locks.acquire(names, [engineLock]);
    try {
      if (!(await isHere(deps, entry, signal))) continue;
      deps.log.warn(fields, "an interrupted replacement was found");
      const { id, command, container } = entry;
      const report: Report = (progress) =>
        deps.inventory.setProgress(container, { operation: id, command, ...progress });
      const outcome = await putRight(deps, createSwap(deps, entry), report, signal);
      tell(deps, told, entry, outcome);
    } catch (error) {
      deps.log.error({ ...fields, err: error }, "an interrupted replacement could not be dealt with yet");
    } finally {
      for (const { container } of entry.members) deps.inventory.clearProgress(container, entry.id);
    }
  }
  await freeImages(deps, signal);
  await reportStrays(deps, told, signal);
  return (await unfinished(deps)).filter(({ node }) => node === deps.node).length;
}

/**
 * Looks after the operations that helper containers carry out, without holding anything up: tells of those that have
 * ended, and takes back those whose helpers are gone. Resolves to the number of those that are still under way.
 */
async function followHelpers(
  deps: RecoverDependencies,
  told: Map<string, string>,
  signal: AbortSignal,
): Promise<number> {
  let underWay = 0;
  for (const entry of await entriesOfHelpers(deps)) {
    const { id, command, container } = entry;
    try {
      if (signal.aborted || !(await isHere(deps, entry, signal))) continue;
      const followed = await followHelper(deps, entry, deadline(quickMs, signal));
      if (followed.kind === "ended") {
        const { state, message } = followed.outcome;
        deps.log.info(
          { container, operation: id, state, reason: message },
          "a helper container has ended an operation",
        );
        tell(deps, told, entry, followed.outcome);
      }
      if (followed.kind === "waiting") {
        deps.inventory.setProgress(container, { operation: id, command, phase: followed.phase });
        underWay += 1;
      } else deps.inventory.clearProgress(container, id);
    } catch (error) {
      deps.log.debug({ container, operation: id, err: error }, "a helper container cannot be followed now");
      underWay += 1;
    }
  }
  return underWay;
}

async function entriesOfHelpers({ journal, atWork, log }: RecoverDependencies): Promise<readonly JournalEntry[]> {
  try {
    return (await journal.all()).filter(({ operation, helper }) => helper !== undefined && !atWork.has(operation));
  } catch (error) {
    log.error({ err: error }, "the journal could not be read");
    return [];
  }
}

/** One that cannot be put right is tried again and again: it is told of when there is something new to say. */
function tell(
  deps: RecoverDependencies,
  told: Map<string, string>,
  { id, operation, command, container, startedAt }: JournalEntry,
  outcome: Outcome,
): void {
  if (told.get(operation) === outcome.message) return;
  told.set(operation, outcome.message);
  const finishedAt = new Date(deps.clock.now()).toISOString();
  const result: OperationResult = { id, command, container, startedAt, finishedAt, ...outcome };
  deps.inventory.setResult(container, result);
  deps.onResult(result);
}

/** Entries that nobody is at work on, neither here nor in a helper container. */
async function unfinished({ journal, atWork, log }: RecoverDependencies): Promise<readonly JournalEntry[]> {
  try {
    return (await journal.all()).filter(({ operation, helper }) => helper === undefined && !atWork.has(operation));
  } catch (error) {
    log.error({ err: error }, "the journal could not be read");
    return [];
  }
}

/** An entry of another node is this engine's all the same where it knows the containers: the node was given a new name. */
async function isHere(deps: RecoverDependencies, entry: JournalEntry, signal: AbortSignal): Promise<boolean> {
  if (entry.node === deps.node) return true;
  const seen = await createSwap(deps, entry).observe(deadline(quickMs, signal));
  return seen.some(({ old, candidate }) => old !== undefined || candidate !== undefined);
}

/**
 * Containers under temporary names that no note speaks of: the data directory was lost, or is another Gangway's. Nothing
 * is done on the evidence of a name alone, but the user is told.
 */
async function reportStrays(
  { engine, journal, atWork, log }: RecoverDependencies,
  told: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const list = await engine.list(deadline(quickMs, signal));
    const noted = new Set((await journal.all()).map(({ operation }) => operation));
    const names = new Set(list.map(({ name }) => name));
    for (const name of names) {
      const parts = swapNameParts(name);
      if (parts === undefined || noted.has(parts.operation) || atWork.has(parts.operation) || told.has(name)) continue;
      told.set(name, name);
      const advice = adviceOn(name, parts, names);
      if (advice !== undefined) {
        log.error({ container: name, advice }, "a container of an update that this Gangway has no notes of was found");
      }
    }
  } catch (error) {
    log.debug({ err: error }, "stray containers could not be looked for");
  }
}

/** Where the name is nobody's, the old container is the one to bring back. */
function adviceOn(
  name: string,
  { container, operation }: { readonly container: string; readonly operation: string },
  names: ReadonlySet<string>,
): string | undefined {
  if (names.has(container)) return `remove it when ${container} works: docker rm ${name}`;
  const isSecond = name === newNameFor(container, operation) && names.has(oldNameFor(container, operation));
  return isSecond ? undefined : `bring it back: docker rename ${name} ${container} && docker start ${container}`;
}

/** An update that died before its first note has left nothing but the tag that held its image. */
async function freeImages({ engine, journal, atWork, log }: RecoverDependencies, signal: AbortSignal): Promise<void> {
  try {
    const held = new Set((await journal.all()).map(({ operation }) => operation));
    for (const tag of await engine.tagsOf(keepRepository, signal)) {
      const operation = tag.tag ?? "";
      if (held.has(operation) || atWork.has(operation)) continue;
      // One that cannot be removed keeps no other from it.
      await engine.untag(tag, signal).catch((error: unknown) => log.debug({ err: error }, "tag could not be removed"));
    }
  } catch (error) {
    log.debug({ err: error }, "held images could not be looked for");
  }
}
