import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { backupPlan } from "../../test/backup-plan.ts";
import type { RestoreEntry } from "../core/restore-journal.ts";
import { openVault } from "../files/backup/vault.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";
import { removeOutdated } from "./outdated-backups.ts";

const { signal } = new AbortController();
const log = createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() });
const backups = { consistency: "stop", compression: "none", retention: { keep: 1 } } as const;
const restoreJournal = { all: () => Promise.resolve([]) };

it("leaves the backups alone that another Gangway keeps in the same directory", async () => {
  const vault = openVault(await mkdtemp(join(tmpdir(), "gangway-outdated-")));
  const made: string[] = [];
  for (const [hour, node] of [..."01234"].map((digit, index) => [digit, index % 2 === 0 ? "nas" : "other"] as const)) {
    const plan = backupPlan({ node, createdAt: `2026-11-20T0${hour}:00:00Z`, volumes: [] });
    await using draft = await vault.begin({ plan, compression: "none" }, signal);
    made.push((await draft.finish()).file);
  }

  const deps = { vault, backups, clock: systemClock, log, node: "nas", restoreJournal };
  await removeOutdated(deps, "web", made[4] ?? "", signal);

  const left = (await vault.list()).map(({ file }) => file).sort();
  expect(left).toEqual([made[1], made[3], made[4]]);
});

it("leaves the backups alone that a restore under way needs, on the way there and back", async () => {
  const vault = openVault(await mkdtemp(join(tmpdir(), "gangway-outdated-")));
  const made: string[] = [];
  for (const hour of "0123") {
    const plan = backupPlan({ node: "nas", createdAt: `2026-11-20T0${hour}:00:00Z`, volumes: [] });
    await using draft = await vault.begin({ plan, compression: "none" }, signal);
    made.push((await draft.finish()).file);
  }
  const entry: RestoreEntry = {
    ...{ schema: 1, kind: "restore", operation: "0000abcd", id: "1", node: "nas", container: "copy" },
    ...{ file: made[0] ?? "", startedAt: "", volumes: [], networks: [] },
    replaced: { halts: [], begun: 0, start: true, safety: made[1] ?? "" },
  };
  const under = { all: () => Promise.resolve([entry]) };

  const deps = { vault, backups, clock: systemClock, log, node: "nas", restoreJournal: under };
  await removeOutdated(deps, "web", made[3] ?? "", signal);

  expect((await vault.list()).map(({ file }) => file).sort()).toEqual([made[0], made[1], made[3]]);
});
