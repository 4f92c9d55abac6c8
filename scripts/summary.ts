import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/*
 * The end of a CI run: `node scripts/summary.ts REPORTS [BROKEN STEP…]`. Adds up vitest's JSON reports and prints
 * "N passed, N failed" as the last line. A step that failed though no report shows a failed test counts as one. What could
 * not be had for tests, as the files `*.unavailable` say, is shown and counts as neither.
 */

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  success: z.boolean(),
});

const [directory = ".reports", ...broken] = process.argv.slice(2);
const reports = globSync("*.json", { cwd: directory }).map((name) =>
  Report.parse(JSON.parse(readFileSync(join(directory, name), "utf8"))),
);
const sum = (member: "numPassedTests" | "numFailedTests" | "numPendingTests"): number =>
  reports.reduce((total, report) => total + report[member], 0);

const failedTests = sum("numFailedTests");
const silent = broken.length > 0 ? Math.max(0, broken.length - reports.filter(({ success }) => !success).length) : 0;
const failed = failedTests + (failedTests === 0 && broken.length > 0 ? broken.length : silent);
const skipped = sum("numPendingTests");

for (const name of globSync("*.unavailable", { cwd: directory })) {
  console.log(readFileSync(join(directory, name), "utf8").trim());
}
if (skipped > 0) console.log(`${skipped} skipped`);
for (const step of broken) console.log(`step failed: ${step}`);
console.log(`${sum("numPassedTests")} passed, ${failed} failed`);
process.exitCode = failed > 0 || reports.length === 0 ? 1 : 0;
