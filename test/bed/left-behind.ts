import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bedNamePattern, markName } from "./traces.ts";
import { eventually } from "./wait.ts";

/** Run after all tests: says what is left of any bed on this machine, and fails where that is something. */
function leftBehind(): readonly string[] {
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

// The reaper of a process that was killed a moment ago may still be at work.
await eventually(() => leftBehind().length === 0, "beds to be removed", 10_000).catch(() => {
  console.error(`left behind:\n${leftBehind().join("\n")}`);
  process.exitCode = 1;
});
