import type { BackupEntry, Halt } from "../core/backup-journal.ts";
import { nameFrom } from "../core/container.ts";
import type { Engine } from "../core/ports.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import { inspectIfThere } from "./survey.ts";

export interface HaltDependencies {
  readonly engine: Pick<Engine, "inspect" | "start" | "stop" | "pause" | "unpause">;
}

/**
 * Stops, or pauses, what writes to the data, those that depend on others first. `begin` resolves when it is noted that so
 * many of them were begun.
 */
export async function haltAll(
  { engine }: HaltDependencies,
  halts: readonly Halt[],
  begin: (begun: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, { id, deed }] of halts.toReversed().entries()) {
    await begin(index + 1);
    await engine[deed](id, signal);
  }
}

/** Rejects with `backup_failed` where one of them runs: what was read may be of different moments. */
export async function requireHalted(
  { engine }: HaltDependencies,
  halts: readonly Halt[],
  signal: AbortSignal,
): Promise<void> {
  for (const { container, id, deed } of halts) {
    const state = (await inspectIfThere(engine, id, signal))?.State;
    const isHalted = deed === "pause" ? state?.Paused === true : state?.Running === false;
    if (state !== undefined && !isHalted) {
      const message = `somebody started ${container} while its data was read, which may be of different moments; ask again`;
      throw new GangwayError("backup_failed", message);
    }
  }
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
  if (deed === "pause") {
    if (State.Paused) await engine.unpause(id, signal);
    return undefined;
  }
  const isGoingDown = mayBeUnderWay && State.Running && State.StartedAt === startedAt;
  if (isGoingDown) await engine.stop(id, signal);
  if (isGoingDown || !State.Running) await engine.start(id, signal);
  return undefined;
}
