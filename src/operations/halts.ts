import { type HaltSubject, planHalts } from "../core/backup-halts.ts";
import type { BackupEntry, Halt } from "../core/backup-journal.ts";
import { nameFrom } from "../core/container.ts";
import type { Engine } from "../core/ports.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import { inspectAll, inspectIfThere } from "./survey.ts";

export interface HaltDependencies {
  readonly engine: Pick<Engine, "inspect" | "start" | "stop" | "pause" | "unpause">;
}

/** Where the halting has come to: what a journal entry says of it. */
export type Halting = Pick<BackupEntry, "halts" | "begun">;

/**
 * Stops, or pauses, what writes to the data, those that depend on others first. `note` resolves when it is noted how far
 * that has come; what was started anew since `halts` were planned has its new time there. Rejects with `backup_failed`
 * where one of them does not run any more: whoever stopped or paused it wants it so.
 */
export async function haltAll(
  { engine }: HaltDependencies,
  halts: readonly Halt[],
  note: (halting: Halting) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let noted = halts;
  for (let index = halts.length - 1; index >= 0; index--) {
    const halt = noted[index] as Halt;
    const { container, id, deed } = halt;
    const state = (await inspectIfThere(engine, id, signal))?.State;
    if (state?.Running !== true || state.Paused) {
      const message = `somebody stopped, paused or removed ${container} when the backup was about to; ask again`;
      throw new GangwayError("backup_failed", message);
    }
    noted = noted.with(index, { ...halt, startedAt: state.StartedAt });
    await note({ halts: noted, begun: halts.length - index });
    await engine[deed](id, signal);
    // One in a crash loop can have started once more before it was stopped.
    const after = (await inspectIfThere(engine, id, signal))?.State;
    if (after?.Running !== false || after.StartedAt === state.StartedAt) continue;
    noted = noted.with(index, { ...halt, startedAt: after.StartedAt });
    await note({ halts: noted, begun: halts.length - index });
  }
}

/** Rejects with `backup_failed` where one of them runs, or has run: what was read may be of different moments. */
export async function requireHalted(
  { engine }: HaltDependencies,
  halts: readonly Halt[],
  signal: AbortSignal,
): Promise<void> {
  for (const { container, id, deed, startedAt } of halts) {
    const state = (await inspectIfThere(engine, id, signal))?.State;
    if (state === undefined) throw ofDifferentMoments(`removed ${container}`);
    const isHalted = deed === "pause" ? state.Paused : !state.Running;
    if (!isHalted || state.StartedAt !== startedAt) throw ofDifferentMoments(`started ${container}`);
  }
}

/** Rejects with `backup_failed` where somebody writes to the data who did not when the backup was planned. */
export async function requireNoWriters(
  { engine }: { readonly engine: Pick<Engine, "inspect" | "list"> },
  sources: Omit<HaltSubject, "all">,
  signal: AbortSignal,
): Promise<void> {
  if (sources.consistency === "live") return;
  const plan = planHalts({ ...sources, all: await inspectAll(engine, signal) });
  if (plan.kind === "refused") throw ofDifferentMoments(`started a container that writes to it (${plan.message})`);
  if (plan.halts.length > 0)
    throw ofDifferentMoments(`started ${plan.halts.map(({ container }) => container).join(", ")}`);
}

function ofDifferentMoments(deed: string): GangwayError {
  const message = `somebody ${deed} while the data was read, which may be of different moments; ask again`;
  return new GangwayError("backup_failed", message);
}

/**
 * Lets those run again that were halted, each after what it depends on, and no others. Takes up where an earlier try was
 * cut off. Resolves to a sentence for each that is left alone. Where the engine does not let one of them, the others are
 * started all the same, and then it rejects.
 */
export async function resumeAll(
  { engine }: HaltDependencies,
  { halts, begun, step }: Pick<BackupEntry, "halts" | "begun" | "step">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const sentences: string[] = [];
  const faults: unknown[] = [];
  const touched = begun === 0 ? [] : halts.slice(-begun);
  for (const halt of touched) {
    try {
      const isLast = halt === touched[0] && step === "halting";
      const sentence = await resume(engine, halt, isLast, signal);
      if (sentence !== undefined) sentences.push(sentence);
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw new GangwayError("engine_failed", faults.map(messageOf).join("; "));
  return sentences;
}

/** `mayBeUnderWay`: the engine may still be stopping it, though whoever wanted that is gone. */
async function resume(
  engine: HaltDependencies["engine"],
  { container, id, deed, startedAt }: Halt,
  mayBeUnderWay: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const inspect = await inspectIfThere(engine, id, signal);
  if (inspect === undefined) return `Somebody removed ${container} in the meantime.`;
  const { State, Name } = inspect;
  if (nameFrom(Name) !== container) return `Somebody renamed ${container} in the meantime: it is left alone.`;
  if (State.StartedAt !== startedAt) {
    // It runs since, or did: not as the backup has left it.
    const isGoing = State.Running && !State.Paused;
    return isGoing ? undefined : `Somebody started and stopped ${container} in the meantime: it is left alone.`;
  }
  if (deed === "pause") {
    if (State.Paused) await engine.unpause(id, signal);
    return undefined;
  }
  const isGoingDown = mayBeUnderWay && State.Running;
  if (isGoingDown) await engine.stop(id, signal);
  if (isGoingDown || !State.Running) await engine.start(id, signal);
  return undefined;
}
