import { describe, expect, it } from "vitest";
import { type KeptBackup, outdatedBackups, type Retention } from "./backup-retention.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 21);

/** Backups of so many days ago. */
function backupsOf(container: string, ...ages: readonly number[]): readonly KeptBackup[] {
  return ages.map((age) => {
    const createdAt = new Date(now - age * day).toISOString();
    return { file: `${container}-${age}`, container, createdAt };
  });
}

describe("which backups go", () => {
  it.each<readonly [string, readonly number[], Retention, readonly string[]]>([
    ["none while there are no more than wished", [1, 2], { keep: 2 }, []],
    ["those beyond the newest, the oldest first", [3, 1, 4, 2], { keep: 2 }, ["web-4", "web-3"]],
    ["those that are too old", [1, 8, 9], { keep: 5, keepForMs: 7 * day }, ["web-9", "web-8"]],
    ["not one that is just as old as it may be", [1, 7], { keep: 5, keepForMs: 7 * day }, []],
    ["but never the newest", [30, 40], { keep: 1, keepForMs: day }, ["web-40"]],
    ["nor the only one", [400], { keep: 1, keepForMs: day }, []],
    ["not the one just made, where others are from the future", [-9, -8, 3.5, 4], { keep: 1 }, ["web-4", "web--8"]],
    ["none for its age where a clock was wrong", [-9, 8, 9], { keep: 5, keepForMs: day }, []],
    ["none where there are none", [], { keep: 1 }, []],
  ])("%s", (_, ages, retention, expected) => {
    const others = backupsOf("other", 0, 100, 200);
    const going = outdatedBackups(
      [...others, ...backupsOf("web", ...ages)],
      { container: "web", made: "web-3.5" },
      retention,
      now,
    );

    expect(going.map(({ file }) => file)).toEqual(expected);
  });
});
