import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { bedNamePattern, markName } from "./traces.ts";
import { eventually } from "./wait.ts";

/*
 * `node left-behind.ts FILE` before all tests notes what there is already of beds on this machine; once more after all
 * tests it says what has come since and is still there, and fails where that is something.
 */
const [noteFile = ""] = process.argv.slice(2);

function traces(): readonly string[] {
  const groups = ["", ...namesIn("/sys/fs/cgroup")].map((hierarchy) => join("/sys/fs/cgroup", hierarchy));
  const places = [tmpdir(), "/run/netns", ...groups];
  const files = places.flatMap((place) =>
    namesIn(place)
      .filter((name) => bedNamePattern.test(name))
      .map((name) => join(place, name)),
  );
  const links = namesIn("/sys/class/net").filter((name) => /^gw\d+$/.test(name));
  const pids = namesIn("/proc").filter((name) => /^\d+$/.test(name) && isMarked(name));
  return [...files, ...links.map((link) => `interface ${link}`), ...pids.map((pid) => `process ${pid}`)];
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isMarked(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`${markName}=`);
  } catch {
    return false;
  }
}

if (!existsSync(noteFile)) {
  writeFileSync(noteFile, JSON.stringify(traces()));
} else {
  const before = new Set(z.array(z.string()).parse(JSON.parse(readFileSync(noteFile, "utf8"))));
  const leftBehind = (): readonly string[] => traces().filter((trace) => !before.has(trace));
  // The reaper of a process that was killed a moment ago may still be at work.
  await eventually(() => leftBehind().length === 0, "beds to be removed", 10_000).catch(() => {
    console.error(`left behind:\n${leftBehind().join("\n")}`);
    process.exitCode = 1;
  });
}
