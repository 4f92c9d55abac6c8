import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../src/lib/errors.ts";
import { run } from "../test/bed/programs.ts";
import { describeMachine } from "./machine.ts";
import { type MeasureOptions, measure, quick, thorough } from "./measure.ts";
import { type Column, colours, missedIn, noColours, type Report, tableOf } from "./report.ts";

/*
 * `npm run bench`: the figures that Gangway holds itself to, of the program as it ships, on an engine, a registry and a
 * broker of its own that are gone afterwards. It shows and does not judge: the exit code is 0 whatever the figures,
 * unless `--strict` asks otherwise.
 */

const help = `npm run bench -- [OPTION]...

  --containers 50,200   how many containers; a column for each
  --runs N              how often everything is measured (1)
  --quick               less of everything: minutes instead of a quarter of an hour
  --engine trixie       the engine of another Debian release (trixie, sid)
  --program FILE        measure this main.js instead of making bundle/
  --json                print all samples as JSON
  --strict              exit with 1 where a target is missed
`;

const root = join(import.meta.dirname, "..");

type Release = MeasureOptions["release"];

function releaseFrom(text: string | undefined): Release {
  if (text === undefined || text === "trixie" || text === "sid") return text;
  throw new Error(`--engine takes trixie or sid, not ${text}`);
}

function countsFrom(text: string): readonly number[] {
  const counts = text.split(",").map(Number);
  if (counts.every((count) => Number.isInteger(count) && count > 0)) return counts;
  throw new Error(`--containers takes whole numbers, as 50,200, not ${text}`);
}

const { values } = parseArgs({
  options: {
    containers: { type: "string", default: "50,200" },
    runs: { type: "string", default: "1" },
    quick: { type: "boolean", default: false },
    engine: { type: "string" },
    program: { type: "string" },
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const counts = countsFrom(values.containers);
  const [runs = 1] = countsFrom(values.runs);
  const release = releaseFrom(values.engine);
  const machine = await describeMachine();
  const entry = values.program === undefined ? await build() : resolve(values.program);
  const columns: Column[] = [];
  for (const containers of counts) {
    const say = (line: string): void => console.error(`${containers} containers: ${line}`);
    const pace = values.quick ? quick : thorough;
    columns.push(await measure({ containers, runs, pace, entry, release, say }));
  }
  const report: Report = { machine, columns };
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else console.log(tableOf(report, process.stdout.isTTY ? colours : noColours));
  if (values.strict && columns.some((column) => missedIn(column).length > 0)) process.exitCode = 1;
}

async function build(): Promise<string> {
  for (const script of ["build", "bundle"]) await run("npm", ["--prefix", root, "run", "--silent", script]);
  return join(root, "bundle", "main.js");
}

if (values.help) process.stdout.write(help);
else {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`bench: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
