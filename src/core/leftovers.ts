import { nameFrom } from "./container.ts";
import type { ContainerInspect } from "./inspect.ts";
import type { JournalEntry } from "./journal.ts";

/** What the engine shows of an interrupted replacement. */
export interface Observed {
  readonly old: ContainerInspect | undefined;
  /** By its id, or, if the crash came before that was noted, by its temporary name. */
  readonly candidate: ContainerInspect | undefined;
}

/** What to do about it. */
export type Leftover =
  /** The gate was passed: remove the old container. */
  | { readonly kind: "finish" }
  /** The new container is in place: let the gate decide, with a time-out of its own. */
  | { readonly kind: "verify" }
  /** Put the old container back. */
  | { readonly kind: "undo"; readonly cause: string }
  /** Somebody removed the old container: the new one is all there is. */
  | { readonly kind: "forward" }
  /** Both are gone. */
  | { readonly kind: "lost" };

const interrupted = "Gangway was interrupted before the new container was in place";

/** Decides what becomes of an operation that a crash interrupted, from the journal and from what the engine shows. */
export function leftoverFor(entry: JournalEntry, { old, candidate }: Observed): Leftover {
  if (entry.step === "committed" && candidate !== undefined) return { kind: "finish" };
  if (old === undefined) return { kind: candidate === undefined ? "lost" : "forward" };
  if (entry.step === "rolling_back") return { kind: "undo", cause: entry.cause ?? interrupted };
  const inPlace = candidate !== undefined && nameFrom(candidate.Name) === entry.container;
  // Started, or never meant to be: a candidate that is in place and should run but does not has not been started yet.
  if (inPlace && (candidate.State.Running || !entry.wasRunning)) return { kind: "verify" };
  if (inPlace && entry.step === "verifying") return { kind: "verify" };
  return { kind: "undo", cause: interrupted };
}
