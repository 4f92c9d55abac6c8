import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../src/lib/errors.ts";
import { installHomeAssistant } from "../bed/home-assistant/installation.ts";

/*
 * `npm run test:ha`: installs Home Assistant, where that was not done yet, and runs the tests against it. Where it cannot
 * be had, one line says why, and nothing counts as passed or failed: where a JSON report was asked for, the line stands in
 * a file beside it, `ha.unavailable` for `ha.json`.
 */

const option = "--outputFile.json=";

async function isThere(): Promise<boolean> {
  try {
    const { version } = await installHomeAssistant((line) => console.error(line));
    console.log(`Home Assistant ${version}`);
    return true;
  } catch (error) {
    const [why = ""] = messageOf(error).trim().split("\n").slice(-1);
    const line = `Home Assistant: unavailable (${why})`;
    console.log(line);
    const report = process.argv.find((argument) => argument.startsWith(option))?.slice(option.length);
    if (report !== undefined) writeFileSync(report.replace(/(?:\.json)?$/, ".unavailable"), `${line}\n`);
    return false;
  }
}

if (await isThere()) {
  const vitest = join(import.meta.dirname, "..", "..", "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--project", "ha", ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const [code] = await once(child, "exit");
  process.exitCode = typeof code === "number" ? code : 1;
}
