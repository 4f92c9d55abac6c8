import { allCases, type CrashCase } from "../crash/cases.ts";
import { crashSuite } from "../crash/suite.ts";

/**
 * Gangway, killed right after it has stopped the old container, and after it has started the new one; `npm run test:long`
 * has a sample of all other cases, `npm run test:crash` all of them.
 */
const telling: readonly string[] = ["stop", "start new"];

function isSelected({ subject, behaviour, policy, victim, strikes: [first, second] }: CrashCase): boolean {
  const isPlain = subject === "running" && behaviour === "good" && policy === "always" && victim === "gangway";
  return isPlain && first?.moment === "after" && telling.includes(first.call) && second === undefined;
}

crashSuite(allCases().filter(isSelected));
