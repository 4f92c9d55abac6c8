import { isDeepStrictEqual } from "node:util";
import PQueue from "p-queue";
import type { Command, CommandKind, OperationResult, Outcome, Progress } from "../core/operation.ts";
import { isSuccess } from "../core/operation.ts";
import type { Inventory, Operations, Submission } from "../core/ports.ts";
import { GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";
import type { Locks } from "../lib/locks.ts";
import type { Log } from "../lib/log.ts";
import { type Clock, pause } from "../lib/time.ts";

/** What a procedure says while it runs. */
export type Report = (progress: Pick<Progress, "phase" | "percent" | "secondsLeft">) => void;

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

interface Job {
  readonly command: Command;
  readonly operation: string;
  readonly submission: Submission;
}

export interface Runner extends Operations {
  /** Takes no more commands, aborts what runs, and resolves when all have ended or `graceMs` are over. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** What the runner has to know of each command. */
interface Trait {
  /** Does it change a container, and is it shown as that container's progress? */
  readonly touches: boolean;
  /** Heavy on network and disk, and it can end in a rollback: only so many at once as the configuration allows. */
  readonly heavy: boolean;
}

const replacement: Trait = { touches: true, heavy: true };
const change: Trait = { touches: true, heavy: false };
const other: Trait = { touches: false, heavy: false };
const traits: Readonly<Record<CommandKind, Trait>> = {
  update: replacement,
  recreate: replacement,
  rollback: replacement,
  start: change,
  stop: change,
  restart: change,
  pause: change,
  unpause: change,
  update_all: other,
  auto_update: other,
  check: other,
  rediscover: other,
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
  /** By subject, in the order in which they came. */
  const jobs = new Map<string, readonly Job[]>();
  const replacements = new PQueue({ concurrency: deps.parallel });
  const stopping = new AbortController();

  const clear = (subject: string, job: Job): void => {
    const rest = (jobs.get(subject) ?? []).filter((another) => another !== job);
    if (rest.length > 0) jobs.set(subject, rest);
    else jobs.delete(subject);
    const next = rest[0];
    if (next !== undefined) showQueued(deps, next.command, next.submission.id);
  };

  return {
    submit: (command, source, id) => {
      const subject = subjectOf(command);
      const twin = jobs.get(subject)?.at(-1);
      if (twin !== undefined && isDeepStrictEqual(twin.command, command)) return join(deps, twin.submission, id);
      const operation = deps.newOperation();
      const order = { operation, id: id ?? operation, startedAt: new Date(deps.clock.now()).toISOString() };
      const fields = { operation: order.id, command: command.kind, container: containerOf(command), source };
      deps.log.info(fields, "operation");
      const run = (): Promise<OperationResult> => runLocked(deps, command, order, stopping.signal);
      const done = traitOf(command).heavy ? replacements.add(run) : run();
      const job: Job = { command, operation, submission: { id: order.id, done } };
      jobs.set(subject, [...(jobs.get(subject) ?? []), job]);
      showQueued(deps, command, order.id);
      void done.finally(() => clear(subject, job));
      return job.submission;
    },
    stop: async (graceMs) => {
      stopping.abort();
      const running = [...jobs.values()].flat().map(({ submission }) => submission.done);
      await Promise.race([Promise.all(running), pause(graceMs, AbortSignal.timeout(graceMs))]);
    },
  };
}

/** Who gave the command an id of its own waits for a result with that id. */
function join({ onResult }: RunnerDependencies, { id, done }: Submission, ownId: string | undefined): Submission {
  if (ownId === undefined || ownId === id) return { id, done };
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

/**
 * Runs one command while nobody else touches its containers. Which these are can change while it waits; it keeps its
 * place in the queue when there are more than it asked for.
 */
async function runLocked(
  deps: RunnerDependencies,
  command: Command,
  order: Omit<Order, "report">,
  signal: AbortSignal,
): Promise<OperationResult> {
  await deps.ready;
  const container = containerOf(command);
  const { touches } = traitOf(command);
  let names: ReadonlySet<string> = new Set(container !== null && touches ? [container] : []);
  using lock = await deps.locks.acquire([...names]);
  while (touches && !signal.aborted) {
    // Where it cannot be told, the command itself will find out why.
    const scope = await deps.scopeOf(command, signal).catch(() => []);
    if (scope.every((name) => names.has(name))) break;
    names = new Set([...names, ...scope]);
    await lock.exchange([...names]);
  }
  return await runOne(deps, command, order, signal);
}

async function runOne(
  deps: RunnerDependencies,
  command: Command,
  order: Omit<Order, "report">,
  signal: AbortSignal,
): Promise<OperationResult> {
  const container = containerOf(command);
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
