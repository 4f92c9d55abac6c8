import { nameFrom } from "./container.ts";
import type { ContainerInspect } from "./inspect.ts";
import type { JournalEntry, SwapMember } from "./journal.ts";

/** What the engine shows of one member of a replacement. */
export interface Observed {
  readonly member: SwapMember;
  readonly old: ContainerInspect | undefined;
  /** By its id, or, if the crash came before that was noted, by its temporary name. */
  readonly candidate: ContainerInspect | undefined;
}

/** What to do about an interrupted replacement. */
export type Leftover =
  /** The gates were passed: remove the old containers. */
  | { readonly kind: "finish" }
  /** The new containers are in place: let the gates decide, with a time-out of their own. */
  | { readonly kind: "verify" }
  /** Put the old containers back. */
  | { readonly kind: "undo"; readonly cause: string }
  /** Somebody removed an old container: the new ones are the way. */
  | { readonly kind: "forward" }
  /** Nothing of it is left. */
  | { readonly kind: "lost" };

const interrupted = "Gangway was interrupted before the new container was in place";

/** Decides what becomes of an operation that a crash interrupted, from the journal and from what the engine shows. */
export function leftoverFor(entry: JournalEntry, observed: readonly Observed[]): Leftover {
  if (observed.every(({ old, candidate }) => old === undefined && candidate === undefined)) return { kind: "lost" };
  const cause = deedFor(entry, observed);
  if (entry.step === "committed") return cause === undefined ? { kind: "finish" } : { kind: "undo", cause };
  if (entry.step === "rolling_back") return { kind: "undo", cause: entry.cause ?? cause ?? interrupted };
  if (observed.every((seen) => isInPlace(seen, entry))) return { kind: "verify" };
  // Who removes a container that nothing was done to yet wants it gone.
  if (observed.some(isOldGone) && entry.step !== "creating") return { kind: "forward" };
  return { kind: "undo", cause: cause ?? interrupted };
}

/** What somebody did meanwhile that makes the old container the one to go on with. */
function deedFor({ step }: JournalEntry, observed: readonly Observed[]): string | undefined {
  if (observed.some(isNewGone)) return "somebody removed the new container";
  // Before, it still has the name that it always had.
  const wasPutAside = step === "verifying" || step === "committed";
  return wasPutAside && observed.some(isTakenUp) ? "somebody took the old container up again" : undefined;
}

/** Has the new container its name, and does it run if it should? One that fell while it was watched counts too. */
function isInPlace({ member, candidate }: Observed, { step }: JournalEntry): boolean {
  if (candidate === undefined || nameFrom(candidate.Name) !== member.container) return false;
  return candidate.State.Running || !member.wasRunning || step === "verifying";
}

function isOldGone({ old, candidate }: Observed): boolean {
  return old === undefined && candidate !== undefined;
}

function isNewGone({ member, old, candidate }: Observed): boolean {
  return member.newId !== undefined && candidate === undefined && old !== undefined;
}

function isTakenUp({ member, old }: Observed): boolean {
  return old !== undefined && nameFrom(old.Name) === member.container;
}
