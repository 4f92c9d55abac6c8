import { isDeepStrictEqual } from "node:util";
import PQueue from "p-queue";
import type { OperationBook } from "../core/doors.ts";
import type { Command, CommandKind, OperationResult, Outcome, Progress } from "../core/operation.ts";
import { isSuccess } from "../core/operation.ts";
import type { Inventory, Submission } from "../core/ports.ts";
import { GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";
import type { Locks } from "../lib/locks.ts";
import type { Log } from "../lib/log.ts";
import { type Clock, pause } from "../lib/time.ts";
import { createJobs, type Job, type Place } from "./jobs.ts";

/** What a procedure says while it runs. */
export type Report = (progress: Pick<Progress, "phase" | "percent" | "bytes" | "pull" | "secondsLeft">) => void;

/** What a procedure is given besides its command. */
export interface Order {
  /** Eight hex digits, unique: part of the transient container names. */
  readonly operation: string;
  readonly id: string;
  readonly startedAt: string;
  readonly report: Report;
}

/**
 * One per kind of command. A procedure may throw: that is a `failed` outcome, or `cancelled` when its signal aborted.
 */
export type Procedures = {
  readonly [Kind in CommandKind]: (
    command: Extract<Command, { readonly kind: Kind }>,
    order: Order,
    signal: AbortSignal,
  ) => Promise<Outcome>;
};

export interface RunnerDependencies {
  readonly inventory: Inventory;
  readonly procedures: Procedures;
  /** The containers that a command will touch besides its own. */
  readonly scopeOf: (command: Command, signal: AbortSignal) => Promise<readonly string[]>;
  readonly locks: Locks;
  /** How many replacements run at once. */
  readonly parallel: number;
  readonly newOperation: () => string;
  /** Resolves when what a crash left behind was looked at, or at the shutdown: nothing runs before. */
  readonly ready: Promise<void>;
  /** Told of every end. `joined`: of one that another command had begun already. */
  readonly onResult: (result: OperationResult, joined: boolean) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Runner extends OperationBook {
  /** Takes no more commands, aborts what runs, and resolves when all have ended or `graceMs` are over. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** What the runner has to know of each command. */
interface Trait {
  /** Does it change a container, and is it shown as that container's progress? */
  readonly touches: boolean;
  /** Heavy on network and disk, and it can end in a rollback: only so many at once as the configuration allows. */
  readonly heavy: boolean;
  /** It takes away what others might need: not while something heavy is under way. */
  readonly clears?: boolean;
}

const replacement: Trait = { touches: true, heavy: true };
const change: Trait = { touches: true, heavy: false };
const other: Trait = { touches: false, heavy: false };
const clearing: Trait = { ...other, clears: true };
const traits: Readonly<Record<CommandKind, Trait>> = {
  update: replacement,
  recreate: replacement,
  rollback: replacement,
  // Heavy on the disk, and it stops what may be needed for an update.
  backup: replacement,
  restore: replacement,
  start: change,
  stop: change,
  restart: change,
  pause: change,
  unpause: change,
  update_all: other,
  backup_all: other,
  auto_update: other,
  check: other,
  rediscover: other,
  prune: clearing,
};

/** A dry run is no more than a look. */
function traitOf(command: Command): Trait {
  return "dryRun" in command && command.dryRun === true ? other : traits[command.kind];
}

/**
 * Runs commands: no two at once that touch the same container, a repeated one joined to its twin that waits or runs, and
 * every end told in the same way to whoever asked.
 */
export function createRunner(deps: RunnerDependencies): Runner {
  const jobs = createJobs();
  const replacements = new PQueue({ concurrency: deps.parallel });
  const stopping = new AbortController();
  const clear = (subject: string, job: Job): void => {
    const next = jobs.remove(subject, job);
    if (next !== undefined) showQueued(deps, next.command, next.submission.id);
  };

  return {
    submit: (command, source, id) => {
      const subject = subjectOf(command);
      const twin = jobs.last(subject);
      if (twin !== undefined && isDeepStrictEqual(twin.command, command)) return join(deps, twin, id);
      const operation = deps.newOperation();
      const order = { operation, id: id ?? operation, startedAt: new Date(deps.clock.now()).toISOString() };
      const fields = { operation: order.id, command: command.kind, container: containerOf(command), source };
      deps.log.info(fields, "operation");
      const givenUp = Promise.withResolvers<OperationResult>();
      const place: Place = {
        state: "queued",
        joined: [],
        giveUp: () => givenUp.resolve(endWith(deps, command, order, takenBack)),
      };
      // Who was given up takes its turn all the same, but does nothing in it.
      const run = (): Promise<OperationResult> =>
        runLocked(deps, { command, order, place, end: givenUp.promise }, stopping.signal);
      const ran = traitOf(command).heavy ? replacements.add(run) : run();
      const submission = { id: order.id, done: Promise.race([ran, givenUp.promise]) };
      const job: Job = { command, submission, source, submittedAt: order.startedAt, place };
      jobs.add(subject, job);
      showQueued(deps, command, order.id);
      void submission.done.finally(() => clear(subject, job));
      return submission;
    },
    pending: jobs.pending,
    cancel: jobs.cancel,
    stop: async (graceMs) => {
      stopping.abort();
      const running = jobs.all().map(({ submission }) => submission.done);
      await Promise.race([Promise.all(running), pause(graceMs, AbortSignal.timeout(graceMs))]);
    },
  };
}

/** Who gave the command an id of its own waits for a result with that id. */
function join({ onResult }: RunnerDependencies, { submission, place }: Job, ownId: string | undefined): Submission {
  const { id, done } = submission;
  if (ownId === undefined || ownId === id) return submission;
  place.joined.push(ownId);
  const own = done.then((result) => {
    const renamed = { ...result, id: ownId };
    onResult(renamed, true);
    return renamed;
  });
  return { id: ownId, done: own };
}

/** Only the last command of a subject is joined: `OFF`, `ON`, `OFF` are three. */
function subjectOf(command: Command): string {
  if (traitOf(command).touches) return `container ${containerOf(command) ?? ""}`;
  return `${command.kind} ${containerOf(command) ?? ""}`;
}

function containerOf(command: Command): string | null {
  return "container" in command ? (command.container ?? null) : null;
}

function showQueued({ inventory }: RunnerDependencies, command: Command, operation: string): void {
  const container = containerOf(command);
  if (container === null || !traitOf(command).touches) return;
  if (inventory.get(container)?.progress !== undefined) return;
  inventory.setProgress(container, { operation, command: command.kind, phase: "queued" });
}

/** What everything heavy shares, and who prunes has alone. No container has such a name. */
export const engineLock = "/engine";

interface Waiting {
  readonly command: Command;
  readonly order: Omit<Order, "report">;
  readonly place: Place;
  /** The end of one that was given up. */
  readonly end: Promise<OperationResult>;
}

/**
 * Runs one command while nobody else touches its containers. Which these are can change while it waits; it keeps its
 * place in the queue when there are more than it asked for.
 */
async function runLocked(
  deps: RunnerDependencies,
  { command, order, place, end }: Waiting,
  signal: AbortSignal,
): Promise<OperationResult> {
  await deps.ready;
  const container = containerOf(command);
  const { touches, heavy, clears = false } = traitOf(command);
  let names: ReadonlySet<string> = new Set(container !== null && touches ? [container] : clears ? [engineLock] : []);
  using lock = await deps.locks.acquire([...names], heavy ? [engineLock] : []);
  while (touches && !signal.aborted) {
    // Where it cannot be told, the command itself will find out why.
    const scope = await deps.scopeOf(command, signal).catch(() => []);
    if (scope.every((name) => names.has(name))) break;
    names = new Set([...names, ...scope]);
    await lock.exchange([...names]);
  }
  if (place.state === "given_up") return await end;
  place.state = "running";
  return await runOne(deps, command, order, signal);
}

async function runOne(
  deps: RunnerDependencies,
  command: Command,
  order: Omit<Order, "report">,
  signal: AbortSignal,
): Promise<OperationResult> {
  const report = reporterFor(deps, command, order);
  let outcome: Outcome;
  try {
    const procedure = deps.procedures[command.kind] as (
      command: Command,
      order: Order,
      signal: AbortSignal,
    ) => Promise<Outcome>;
    outcome = signal.aborted ? shuttingDown : await procedure(command, { ...order, report }, signal);
  } catch (error) {
    outcome = outcomeFrom(error, signal);
  }
  return endWith(deps, command, order, outcome);
}

/** Tells the end of an operation to everyone. */
function endWith(
  deps: RunnerDependencies,
  command: Command,
  order: Omit<Order, "report">,
  outcome: Outcome,
): OperationResult {
  const container = containerOf(command);
  const finishedAt = new Date(deps.clock.now()).toISOString();
  const { id, startedAt } = order;
  const result: OperationResult = { id, command: command.kind, container, startedAt, finishedAt, ...outcome };
  const fields = { operation: id, command: command.kind, container, state: outcome.state, reason: outcome.message };
  if (outcome.handedOver === true) {
    deps.log.info(fields, "operation goes on in a helper container");
    return result;
  }
  if (isSuccess(outcome.state)) deps.log.info(fields, "operation ended");
  else deps.log.warn(fields, "operation ended without success");
  if (container !== null && traitOf(command).touches) {
    // The result first: who sees the phase fall back to idle finds it there.
    deps.inventory.setResult(container, result);
    deps.inventory.clearProgress(container, id);
  }
  deps.onResult(result, false);
  return result;
}

const shuttingDown: Outcome = { state: "cancelled", message: "Gangway is shutting down; ask again when it is back." };

const takenBack: Outcome = { state: "cancelled", message: "It was cancelled before it began; nothing was changed." };

function outcomeFrom(error: unknown, signal: AbortSignal): Outcome {
  if (signal.aborted && isErrorWithCode(error, "aborted")) return shuttingDown;
  const message = messageOf(error);
  return { state: "failed", message, ...(error instanceof GangwayError ? { code: error.code } : {}) };
}

/** A new phase is told at once, a new figure within a phase once a second. */
function reporterFor(deps: RunnerDependencies, command: Command, order: Omit<Order, "report">): Report {
  const container = containerOf(command);
  let told = { phase: "", at: 0 };
  return (progress) => {
    const now = deps.clock.elapsed();
    if (container === null || !traitOf(command).touches || (progress.phase === told.phase && now - told.at < 1_000))
      return;
    told = { phase: progress.phase, at: now };
    deps.inventory.setProgress(container, { operation: order.id, command: command.kind, ...progress });
  };
}
