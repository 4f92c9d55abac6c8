import { resolve } from "node:path";
import process from "node:process";
import { allCases, sampleOf } from "./cases.ts";
import { crashSuite } from "./suite.ts";

/*
 * The whole matrix, or CRASH_SAMPLE cases of it; CRASH_SEED repeats an earlier sample, and CRASH_ONLY takes the cases
 * whose name it matches.
 */

const { CRASH_SAMPLE: size, CRASH_SEED: seed = new Date().toISOString(), CRASH_ONLY: only = "" } = process.env;
const entry = process.env["CRASH_ENTRY"];
const cases = allCases().filter(({ name }) => new RegExp(only).test(name));
if (size !== undefined) console.log(`CRASH_SAMPLE=${size} CRASH_SEED=${seed}`);
crashSuite(size === undefined ? cases : sampleOf(cases, Number(size), seed), entry && resolve(entry));
