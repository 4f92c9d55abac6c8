import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { homeAssistantRoot } from "../bed/home-assistant/installation.ts";

/* The tests against Home Assistant on a machine that reaches no PyPI: the root for it is there, nothing else is. */

const execute = promisify(execFile);
const repository = join(import.meta.dirname, "..", "..");

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gangway-unavailable-"));
});
afterEach(() => rm(directory, { recursive: true }));

it("where Home Assistant cannot be had, nothing passes or fails, and the summary says why", async () => {
  const cache = join(directory, "cache", "gangway-bed");
  const reports = join(directory, "reports");
  const root = await homeAssistantRoot(() => {});
  await mkdir(cache, { recursive: true });
  await mkdir(reports);
  await symlink(root, join(cache, "sid-python"));
  const environment = {
    ...process.env,
    XDG_CACHE_HOME: join(directory, "cache"),
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: "http://127.0.0.1:1/simple",
  };
  const node = (...args: readonly string[]) => execute(process.execPath, args, { cwd: repository, env: environment });

  const { stdout } = await node("test/ha/run.ts", `--outputFile.json=${join(reports, "ha.json")}`);

  const line = stdout.trim();
  expect(line).toMatch(/^Home Assistant: unavailable \(.+\)$/);
  expect(await readFile(join(reports, "ha.unavailable"), "utf8")).toBe(`${line}\n`);
  const report = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, success: true };
  await writeFile(join(reports, "tests.json"), JSON.stringify(report));
  const summary = await node("scripts/summary.ts", reports);
  expect(summary.stdout).toBe(`${line}\n7 passed, 0 failed\n`);
});
