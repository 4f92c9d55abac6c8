import type { ContainerInspect } from "../core/inspect.ts";
import type { JournalEntry } from "../core/journal.ts";
import type { Outcome } from "../core/operation.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import { type GateDependencies, type GateVerdict, passGate } from "./gate.ts";
import type { Report } from "./runner.ts";
import { createSwap, type Swap, type SwapDependencies } from "./swap.ts";

export interface ReplaceDependencies extends SwapDependencies, Omit<GateDependencies, "engine"> {
  /** Told of the new container when it has passed the gate, before the old one is removed. */
  readonly onReplaced: (inspect: ContainerInspect) => Promise<void>;
  /** Told of the old container when it is back, and of the digest that it was to be updated to. */
  readonly onRestored: (inspect: ContainerInspect, newDigest: string | undefined) => Promise<void>;
}

/** Putting things right gets its time whatever became of the operation's own signal. */
const undoTimeoutMs = 180_000;
const commitTimeoutMs = 60_000;

/** Replaces a container by the plan in `entry`, or leaves the very same old one running as it was. */
export async function replaceContainer(
  deps: ReplaceDependencies,
  entry: JournalEntry,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const swap = createSwap(deps, entry);
  try {
    await swap.createCandidate(signal);
    report({ phase: "switching" });
    await swap.switchOver(signal);
  } catch (error) {
    return await rollBack(deps, swap, error, report, signal);
  }
  return await verify(deps, swap, report, signal);
}

/** Lets the health gate decide about the container that has taken over. */
export async function verify(
  deps: ReplaceDependencies,
  swap: Swap,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const entry = swap.entry();
  let verdict: GateVerdict;
  try {
    verdict = await judge(deps, entry, report, signal);
  } catch (error) {
    if (signal.aborted) return unverified(entry);
    return await rollBack(deps, swap, error, report, signal);
  }
  if (verdict.kind === "failed") {
    const reason = new GangwayError("candidate_failed", `the new container failed: ${verdict.reason}`);
    return await rollBack(deps, swap, reason, report, signal);
  }
  await deps.onReplaced(verdict.inspect);
  return await commit(deps, swap);
}

async function judge(
  deps: ReplaceDependencies,
  { newId, container, wasRunning, wasPaused }: JournalEntry,
  report: Report,
  signal: AbortSignal,
): Promise<GateVerdict> {
  const candidate = newId ?? container;
  if (!wasRunning) return { kind: "ready", inspect: await deps.engine.inspect(candidate, signal) };
  const verdict = await passGate(deps, candidate, report, signal);
  if (verdict.kind === "ready" && wasPaused) await deps.engine.pause(candidate, signal);
  return verdict;
}

async function commit(deps: ReplaceDependencies, swap: Swap): Promise<Outcome> {
  const { container, from, to } = swap.entry();
  const outcome: Outcome = { state: "updated", message: `${container} was updated from ${from} to ${to}.`, from, to };
  try {
    await swap.commit(AbortSignal.timeout(commitTimeoutMs));
    return outcome;
  } catch (error) {
    // The update stands; the journal has what is still to be removed.
    deps.log.warn({ container, err: error }, "the old container could not be removed yet");
    return {
      ...outcome,
      message: `${outcome.message} The old container could not be removed yet: ${messageOf(error)}.`,
    };
  }
}

/** Undoes a replacement that went wrong, or that was told to stop before the new container was started. */
async function rollBack(
  deps: ReplaceDependencies,
  swap: Swap,
  error: unknown,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const { container, step, from, to, oldId, newDigest } = swap.entry();
  const cause = messageOf(error);
  const touched = step !== "creating";
  if (touched) report({ phase: "rolling_back" });
  const code = error instanceof GangwayError ? { code: error.code } : {};
  const limit = AbortSignal.timeout(undoTimeoutMs);
  try {
    await swap.undo(cause, limit);
    await deps.onRestored(await deps.engine.inspect(oldId, limit), newDigest);
  } catch (fault) {
    const message =
      `${container} could not be updated (${cause}), and the old container could not be put back yet: ` +
      `${messageOf(fault)}. Gangway tries again when the engine is reachable; the journal has all that it needs.`;
    return { state: "failed", message, from, to, ...code };
  }
  const { log } = swap.entry();
  const rest = { from, to, ...code, ...(log === undefined || log === "" ? {} : { log }) };
  if (signal.aborted)
    return { state: "cancelled", message: `The update of ${container} was stopped and undone.`, ...rest };
  if (!touched)
    return { state: "failed", message: `${container} was not updated: ${cause}. Nothing was changed.`, ...rest };
  const message =
    `${container} was rolled back: ${cause}. The old container runs again; ` +
    "what the new version may have changed in its volumes was not undone.";
  return { state: "rolled_back", message, ...rest };
}

function unverified({ container, from, to }: JournalEntry): Outcome {
  const message = `Gangway stopped while the new ${container} was being verified; it goes on at its next start.`;
  return { state: "cancelled", message, from, to };
}
