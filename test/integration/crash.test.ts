import { allCases, type CrashCase } from "../crash/cases.ts";
import { crashSuite } from "../crash/suite.ts";

/**
 * Gangway, killed right after the calls that leave the engine in another state, and again while it recovers; `npm run
 * test:long` has a sample of all other cases, `npm run test:crash` all of them.
 */
const telling: readonly string[] = ["create", "stop", "rename new", "start new", "remove old"];

function isSelected({ subject, behaviour, policy, victim, strikes: [first, second] }: CrashCase): boolean {
  const isPlain = subject === "running" && behaviour === "good";
  if (!isPlain || first?.moment !== "after") return false;
  // The update has gone well, and yet there is something left to put right.
  if (victim === "connection") return first.call === "remove old";
  if (victim !== "gangway" || policy !== "always" || !telling.includes(first.call)) return false;
  return second === undefined || second.number === first.number - 4;
}

crashSuite(allCases().filter(isSelected));
