import PQueue from "p-queue";
import type { Command, CommandKind, OperationResult, Outcome, Progress } from "../core/operation.ts";
import { isSuccess } from "../core/operation.ts";
import type { Inventory, Operations, Submission } from "../core/ports.ts";
import { GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";
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
  readonly newOperation: () => string;
  /** Resolves when what a crash left behind is in order, or at the shutdown: nothing runs before. */
  readonly ready: Promise<void>;
  /** Told of every end, whoever asked. */
  readonly onResult: (result: OperationResult) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Job {
  readonly kind: CommandKind;
  readonly submission: Submission;
}

export interface Runner extends Operations {
  /** Takes no more commands, aborts what runs, and resolves when all have ended or `graceMs` are over. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** Updates are heavy on network and disk, and each can end in a rollback: one after the other. */
const parallelUpdates = 1;

/**
 * Runs commands: one at a time for each container, a repeated one joined to its twin that waits or runs, and every end
 * told in the same way to whoever asked.
 */
export function createRunner(deps: RunnerDependencies): Runner {
  const jobs = new Map<string, Job[]>();
  const lanes = new Map<string, PQueue>();
  const updates = new PQueue({ concurrency: parallelUpdates });
  const stopping = new AbortController();

  const laneFor = (subject: string): PQueue => {
    const lane = lanes.get(subject) ?? new PQueue({ concurrency: 1 });
    lanes.set(subject, lane);
    return lane;
  };
  const clear = (subject: string, job: Job): void => {
    const rest = (jobs.get(subject) ?? []).filter((other) => other !== job);
    if (rest.length > 0) {
      jobs.set(subject, rest);
    } else {
      jobs.delete(subject);
      lanes.delete(subject);
    }
  };

  return {
    submit: (command, source, id) => {
      const subject = subjectOf(command);
      const twin = jobs.get(subject)?.find(({ kind }) => kind === command.kind);
      if (twin !== undefined) return twin.submission;
      const operation = deps.newOperation();
      const order = { operation, id: id ?? operation, startedAt: new Date(deps.clock.now()).toISOString() };
      deps.log.info(
        { operation: order.id, command: command.kind, container: containerOf(command), source },
        "operation",
      );
      const run = (): Promise<OperationResult> => runOne(deps, command, order, stopping.signal);
      const done = laneFor(subject).add(() => (command.kind === "update" ? updates.add(run) : run()));
      const job: Job = { kind: command.kind, submission: { id: order.id, done } };
      jobs.set(subject, [...(jobs.get(subject) ?? []), job]);
      const container = containerOf(command);
      if (container !== null && deps.inventory.get(container)?.progress === undefined) {
        deps.inventory.setProgress(container, { operation: order.id, command: command.kind, phase: "queued" });
      }
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

/** Commands with the same subject wait for each other. */
function subjectOf(command: Command): string {
  if (command.kind === "check") return `check ${command.container ?? ""}`;
  return "container" in command && command.container !== undefined ? `container ${command.container}` : command.kind;
}

function containerOf(command: Command): string | null {
  return "container" in command ? (command.container ?? null) : null;
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
    await deps.ready;
    outcome = signal.aborted ? shuttingDown : await procedure(command, { ...order, report }, signal);
  } catch (error) {
    outcome = outcomeFrom(error, signal);
  }
  const finishedAt = new Date(deps.clock.now()).toISOString();
  const { id, startedAt } = order;
  const result: OperationResult = { id, command: command.kind, container, startedAt, finishedAt, ...outcome };
  const fields = { operation: id, command: command.kind, container, state: outcome.state, reason: outcome.message };
  if (isSuccess(outcome.state)) deps.log.info(fields, "operation ended");
  else deps.log.warn(fields, "operation ended without success");
  if (container !== null) {
    // The result first: who sees the phase fall back to idle finds it there.
    if (command.kind !== "check") deps.inventory.setResult(container, result);
    deps.inventory.clearProgress(container, order.id);
  }
  deps.onResult(result);
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
    const now = deps.clock.now();
    if (container === null || (progress.phase === told.phase && now - told.at < 1_000)) return;
    told = { phase: progress.phase, at: now };
    deps.inventory.setProgress(container, { operation: order.id, command: command.kind, ...progress });
  };
}
