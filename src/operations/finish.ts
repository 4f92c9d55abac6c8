import type { JournalEntry } from "../core/journal.ts";
import type { Outcome } from "../core/operation.ts";
import type { Journal } from "../core/ports.ts";
import { putRight } from "./put-right.ts";
import { type ReplaceDependencies, switchOver } from "./replace.ts";
import { createSwap } from "./swap.ts";

/** What a helper container has come to. */
export type Finish =
  | { readonly kind: "ended"; readonly outcome: Outcome }
  /** There are no notes of such an operation. */
  | { readonly kind: "unknown" }
  /** It could not be brought to an end yet: it is to be tried again. */
  | { readonly kind: "unfinished"; readonly reason: string };

/**
 * Carries out the rest of a replacement that was handed over to this process, or goes on where an earlier try was cut
 * off. How it has ended is noted in the journal, for the Gangway that runs then: its are all other files.
 */
export async function finishOperation(
  deps: Omit<ReplaceDependencies, "onReplaced" | "onRestored">,
  operation: string,
  signal: AbortSignal,
): Promise<Finish> {
  const entry = (await deps.journal.all()).find((noted) => noted.operation === operation);
  if (entry?.helper === undefined) return { kind: "unknown" };
  if (entry.outcome !== undefined) return { kind: "ended", outcome: entry.outcome };
  const journal = withoutRemoval(deps.journal);
  const own: ReplaceDependencies = {
    ...deps,
    journal,
    onReplaced: () => Promise.resolve(),
    onRestored: () => Promise.resolve(),
  };
  const swap = createSwap(own, entry);
  const finish = entry.step === "creating" ? switchOver : putRight;
  const outcome = await finish(own, swap, () => {}, signal);
  if (!journal.isClosed()) return { kind: "unfinished", reason: outcome.message };
  await deps.journal.put({ ...swap.entry(), outcome });
  return { kind: "ended", outcome };
}

/** The notes have to stay for whoever tells the result: that they would have been removed says that all is done. */
function withoutRemoval(journal: Journal): Journal & { readonly isClosed: () => boolean } {
  let isClosed = false;
  return {
    all: journal.all,
    put: (entry: JournalEntry) => journal.put(entry),
    remove: () => {
      isClosed = true;
      return Promise.resolve();
    },
    isClosed: () => isClosed,
  };
}
