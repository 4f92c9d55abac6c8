import { backupOffer, backupRemarks } from "../core/backup-first.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { JournalEntry, SwapCommand, SwapMember } from "../core/journal.ts";
import type { Outcome } from "../core/operation.ts";
import type { Engine } from "../core/ports.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import { type CleanupDependencies, cleanUpAfterUpdate } from "./cleanup.ts";
import { type GateDependencies, passGate } from "./gate.ts";
import type { Report } from "./runner.ts";
import { inspectNamed } from "./survey.ts";
import { createSwap, type Swap, type SwapDependencies } from "./swap.ts";

export interface ReplaceDependencies extends SwapDependencies, Omit<GateDependencies, "engine"> {
  readonly engine: SwapDependencies["engine"] & CleanupDependencies["engine"] & Pick<Engine, "restart">;
  readonly restoreJournal: CleanupDependencies["restoreJournal"];
  /** Told of every new container when all have passed their gates, before the old ones are removed. */
  readonly onReplaced: (entry: JournalEntry, inspects: readonly ContainerInspect[]) => Promise<void>;
  /** Told when the old containers are back. */
  readonly onRestored: (entry: JournalEntry) => Promise<void>;
}

/** Putting things right gets its time whatever became of the operation's own signal. */
const undoTimeoutMs = 180_000;
const commitTimeoutMs = 60_000;
const restartTimeoutMs = 120_000;

/** Replaces containers by the plan in `entry`, or leaves the very same old ones running as they were. */
export async function replaceContainers(
  deps: ReplaceDependencies,
  entry: JournalEntry,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const swap = createSwap(deps, entry);
  try {
    await swap.createCandidates(signal);
  } catch (error) {
    return await rollBack(deps, swap, error, report, signal);
  }
  return await switchOver(deps, swap, report, signal);
}

/** Lets new containers that were created take over. */
export async function switchOver(
  deps: ReplaceDependencies,
  swap: Swap,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const entry = swap.entry();
  const last = entry.members.at(-1);
  const passed: ContainerInspect[] = [];
  try {
    report({ phase: "switching" });
    await swap.stopOld(signal);
    for (const member of entry.members) {
      const candidate = await swap.takeOver(member.container, signal);
      if (member === last) await swap.noteVerifying();
      passed.push(await pass(deps, member, candidate, report, signal));
    }
  } catch (error) {
    if (signal.aborted && swap.entry().step === "verifying") return unverified(swap.entry());
    return await rollBack(deps, swap, error, report, signal);
  }
  return await finish(deps, swap, passed);
}

/** Lets the health gates decide about containers that have all taken over already. */
export async function verify(
  deps: ReplaceDependencies,
  swap: Swap,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const passed: ContainerInspect[] = [];
  try {
    for (const { member, candidate } of await swap.observe(signal)) {
      passed.push(await pass(deps, member, candidate?.Id ?? member.container, report, signal));
    }
  } catch (error) {
    if (signal.aborted) return unverified(swap.entry());
    return await rollBack(deps, swap, error, report, signal);
  }
  return await finish(deps, swap, passed);
}

/** Resolves to the new container when it has shown that it works; rejects with `candidate_failed`. */
async function pass(
  deps: ReplaceDependencies,
  { container, wasRunning, wasPaused }: SwapMember,
  candidate: string,
  report: Report,
  signal: AbortSignal,
): Promise<ContainerInspect> {
  if (!wasRunning) return await deps.engine.inspect(candidate, signal);
  const verdict = await passGate(deps, candidate, report, signal);
  if (verdict.kind === "failed") {
    throw new GangwayError("candidate_failed", `the new ${container} failed: ${verdict.reason}`);
  }
  if (!wasPaused) return verdict.inspect;
  if (!verdict.inspect.State.Paused) await deps.engine.pause(candidate, signal);
  return await deps.engine.inspect(candidate, signal);
}

async function finish(deps: ReplaceDependencies, swap: Swap, passed: readonly ContainerInspect[]): Promise<Outcome> {
  const entry = swap.entry();
  const remarks = await restartDependants(deps, entry);
  await deps.onReplaced(entry, passed);
  try {
    remarks.push(...(await commit(deps, swap, AbortSignal.timeout(commitTimeoutMs))));
  } catch (error) {
    // The new container stays; the journal has what is still to be removed.
    deps.log.warn({ container: entry.container, err: error }, "the old container could not be removed yet");
    remarks.push(`The old container could not be removed yet: ${messageOf(error)}.`);
  }
  return replaced(entry, remarks);
}

/**
 * Removes what the new containers have made superfluous: the old ones, and old images where the configuration says so.
 * Resolves to a sentence for each old container that stays.
 */
export async function commit(deps: ReplaceDependencies, swap: Swap, signal: AbortSignal): Promise<readonly string[]> {
  const remarks = await swap.commit(signal);
  const { container, command, members } = swap.entry();
  const [target] = members;
  const keep = target === undefined ? undefined : deps.keptImages(target.reference);
  if (command !== "update" || target === undefined || keep === undefined) return remarks;
  const updated = { container, oldImageId: target.inspect.Image, reference: target.reference };
  await cleanUpAfterUpdate({ ...deps, keep }, updated, signal);
  return remarks;
}

/** Restarts what asked to be restarted after this container: that one of them fails is no reason to undo anything. */
async function restartDependants(
  { engine, log }: ReplaceDependencies,
  { container, restarts }: JournalEntry,
): Promise<string[]> {
  const remarks: string[] = [];
  for (const name of restarts) {
    const signal = AbortSignal.timeout(restartTimeoutMs);
    try {
      const { State: state } = await inspectNamed(engine, name, signal);
      if (state.Running && !state.Paused) await engine.restart(name, signal);
    } catch (error) {
      log.warn({ container: name, err: error }, "a dependant could not be restarted");
      remarks.push(`${name}, which is to be restarted after ${container}, could not be: ${messageOf(error)}.`);
    }
  }
  return remarks;
}

const deeds: Readonly<Record<SwapCommand, (entry: JournalEntry) => string>> = {
  update: ({ container, from, to }) => `${container} was updated from ${from} to ${to}`,
  recreate: ({ container, to }) => `${container} was recreated with the same image, ${to}`,
  rollback: ({ container, from, to }) => `${container} was brought back from ${from} to ${to}`,
};

/** Compose knows nothing of a tag that is not in its file. */
function composeRemark({ command, members }: JournalEntry): readonly string[] {
  const [target] = members;
  const { Image: before, Labels: labels } = target?.inspect.Config ?? {};
  const isCompose = labels?.["com.docker.compose.project"] !== undefined;
  if (command !== "update" || !isCompose || target === undefined || target.reference === before) return [];
  return [`Its compose file still names ${before}: write ${target.reference} there, or the next "up" goes back to it.`];
}

/** The outcome of a replacement that went well. */
export function replaced(entry: JournalEntry, remarks: readonly string[] = []): Outcome {
  const { command, members, from, to } = entry;
  const others = members.slice(1).map(({ container }) => container);
  const along = others.length === 0 ? "" : `, and ${others.join(", ")} along with it`;
  const sentences = [`${deeds[command](entry)}${along}.`, ...backupRemarks(entry.backup), ...composeRemark(entry)];
  const message = [...sentences, ...remarks].join(" ");
  return { state: command === "update" ? "updated" : "done", message, from, to, ...backupIn(entry) };
}

/** The file of the backup that was made for it. */
function backupIn({ backup }: JournalEntry): Pick<Outcome, "backup"> {
  return backup === undefined ? {} : { backup: backup.file };
}

/** Undoes a replacement that went wrong, or that was told to stop before the new containers were in place. */
export async function rollBack(
  deps: ReplaceDependencies,
  swap: Swap,
  error: unknown,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const { container, step, from, to } = swap.entry();
  const cause = messageOf(error);
  const touched = step !== "creating";
  if (touched) report({ phase: "rolling_back" });
  const code = error instanceof GangwayError ? { code: error.code } : {};
  let exceptions: readonly string[];
  try {
    exceptions = await swap.undo({ cause, judged: !signal.aborted }, AbortSignal.timeout(undoTimeoutMs));
  } catch (fault) {
    const message =
      `${container} could not be replaced (${cause}), and the old container could not be put back yet: ` +
      `${messageOf(fault)}. Gangway keeps trying; the journal has all that it needs.`;
    return { state: "failed", message, from, to, ...code };
  }
  const entry = swap.entry();
  await deps.onRestored(entry);
  if (signal.aborted && exceptions.length === 0) {
    return {
      state: "cancelled",
      message: `The ${entry.command} of ${container} was stopped and undone.`,
      from,
      to,
      ...backupIn(entry),
    };
  }
  return { ...undone(entry, exceptions), ...code };
}

/** The outcome of a replacement that was undone. */
export function undone(entry: JournalEntry, exceptions: readonly string[]): Outcome {
  const { container, cause = "it was interrupted", reached, from, to, log } = entry;
  const rest = { from, to, ...(log === undefined || log === "" ? {} : { log }), ...backupIn(entry) };
  const offer = backupOffer(entry.backup);
  if (exceptions.length > 0) {
    const sentences = [`${container} was not replaced: ${cause}.`, ...exceptions, ...offer];
    return { state: "failed", message: sentences.join(" "), ...rest };
  }
  if (reached === "creating") {
    return { state: "failed", message: `${container} was not replaced: ${cause}. Nothing was changed.`, ...rest };
  }
  const message =
    `${container} was rolled back: ${cause}. The old container is back as it was; ` +
    "what the new version may have changed in its volumes was not undone.";
  return { state: "rolled_back", message: [message, ...offer].join(" "), ...rest };
}

function unverified({ container, from, to }: JournalEntry): Outcome {
  const message = `Gangway stopped while the new ${container} was being verified; it goes on at its next start.`;
  return { state: "cancelled", message, from, to };
}
