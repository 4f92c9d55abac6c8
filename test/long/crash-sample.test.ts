import { allCases, type CrashCase, sampleOf } from "../crash/cases.ts";
import { crashSuite } from "../crash/suite.ts";

/** Gangway, killed right after each call of an update that goes well, and again while it recovers: always run. */
function isAlways({ subject, behaviour, policy, victim, strikes: [first, second] }: CrashCase): boolean {
  const isPlain = subject === "running" && behaviour === "good" && policy === "always" && victim === "gangway";
  return isPlain && first?.moment === "after" && (second === undefined || second.number === first.number - 4);
}

// Another sample every day; `npm run test:crash` repeats it with the same seed.
const seed = new Date().toISOString().slice(0, 10);
const size = 30;

console.log(`CRASH_SAMPLE=${size} CRASH_SEED=${seed}`);
const cases = allCases();
crashSuite([...new Set([...cases.filter(isAlways), ...sampleOf(cases, size, seed)])]);
