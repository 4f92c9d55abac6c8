import { hasUpdate } from "./entry.ts";
import { replaces } from "./journal.ts";
import type { Entry } from "./ports.ts";

/**
 * What is wrong with a container, in one sentence; undefined where nothing is that somebody should look at. A process
 * that has ended is no problem by itself: many are meant to.
 */
export function problemOf(entry: Entry): string | undefined {
  const { container, lastResult } = entry;
  if (container.health === "unhealthy") return "Its health check fails.";
  if (container.state === "restarting") return "It ends again and again, and the engine keeps restarting it.";
  if (container.state === "dead") return "The engine could not remove it whole.";
  if (lastResult === undefined || !replaces(lastResult.command)) return undefined;
  if (lastResult.state !== "failed" && lastResult.state !== "rolled_back") return undefined;
  // Of a version that is not offered any more nobody has to think.
  return lastResult.command === "update" && !hasUpdate(entry) ? undefined : lastResult.message;
}
