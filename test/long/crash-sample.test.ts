import { allCases, sampleOf } from "../crash/cases.ts";
import { crashSuite } from "../crash/suite.ts";

// Another sample every day; `npm run test:crash` repeats it with the same seed.
const seed = new Date().toISOString().slice(0, 10);
const size = 30;

console.log(`CRASH_SAMPLE=${size} CRASH_SEED=${seed}`);
crashSuite(sampleOf(allCases(), size, seed));
