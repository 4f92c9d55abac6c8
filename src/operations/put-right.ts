import { leftoverFor } from "../core/leftovers.ts";
import type { Outcome } from "../core/operation.ts";
import { isErrorWithCode, messageOf } from "../lib/errors.ts";
import { deadline } from "../lib/time.ts";
import { startGivenUp } from "./given-up.ts";
import { commit, type ReplaceDependencies, replaced, undone, verify } from "./replace.ts";
import type { Report } from "./runner.ts";
import type { Swap } from "./swap.ts";

const quickMs = 30_000;
const undoTimeoutMs = 180_000;

/** Finishes or undoes a replacement that was interrupted, as the journal and what the engine shows demand it. */
export async function putRight(
  deps: ReplaceDependencies,
  swap: Swap,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const entry = swap.entry();
  const { container, from, to, command } = entry;
  // An undoing that has begun goes on at the shutdown, as far as there is time.
  const limit = AbortSignal.timeout(undoTimeoutMs);
  const undo = async (cause: string): Promise<Outcome> => {
    report({ phase: "rolling_back" });
    const exceptions = await swap.undo({ cause, judged: entry.judged ?? false }, limit);
    await deps.onRestored(swap.entry());
    return undone(swap.entry(), exceptions);
  };
  const observed = await swap.observe(deadline(quickMs, signal));
  const leftover = leftoverFor(entry, observed);
  switch (leftover.kind) {
    case "finish":
      return replaced(entry, [
        ...(await startGivenUp(
          deps.engine,
          observed.map(({ member, candidate }) => ({ member, inspect: candidate })),
          limit,
        )),
        ...(await commit(deps, swap, limit)),
      ]);
    case "undo":
      return await undo(leftover.cause);
    case "forward":
      try {
        for (const member of entry.members) await swap.takeOver(member.container, limit);
      } catch (error) {
        // Somebody removed one of the new ones too, or gave its name away.
        if (isErrorWithCode(error, "engine_not_found", "engine_conflict")) return await undo(messageOf(error));
        throw error;
      }
      return await verify(deps, swap, report, signal);
    case "verify":
      return await verify(deps, swap, report, signal);
    case "lost": {
      await swap.close(limit);
      const message = `While the ${command} of ${container} was interrupted, somebody removed the old container and the new one.`;
      return { state: "failed", message, from, to };
    }
  }
}
