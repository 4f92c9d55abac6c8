import { expect, it } from "vitest";
import { backupHelperNameFor } from "../core/backup-name.ts";
import { type RestoreEntry, restoreNameFor } from "../core/restore-journal.ts";
import { GangwayError } from "../lib/errors.ts";
import { type UndoRestoreDependencies, undoRestore } from "./undo-restore.ts";

const operation = "00000001";
const entry: RestoreEntry = {
  ...{ schema: 1, kind: "restore", operation, id: "1", node: "nas", container: "web", file: "web.tar", startedAt: "" },
  ...{ volumes: ["data", "more"], networks: ["lan"] },
};
const helper = backupHelperNameFor("web", operation);
const container = restoreNameFor("web", operation);
const signal = new AbortController().signal;

/** What a restore has created, and a journal whose disk is full until `freeing` is removed. */
function leftBy(freeing: string | undefined) {
  const deeds: string[] = [];
  const labels = { Labels: { "gangway.restore": operation } };
  const removes = (name: string) => Promise.resolve(void deeds.push(`remove ${name}`));
  const engine = {
    inspect: () => Promise.resolve({ Id: helper, Config: { Labels: { "gangway.helper": operation } } }),
    inspectNetwork: (Id: string) => Promise.resolve({ Id, ...labels }),
    inspectVolume: () => Promise.resolve(labels),
    ...{ remove: removes, removeVolume: removes, removeNetwork: removes },
  };
  const put = ({ undoing }: RestoreEntry) => {
    const isFull = freeing !== "nothing" && !deeds.includes(`remove ${freeing}`);
    if (isFull) return Promise.reject(new GangwayError("file_failed", "there is no space left on the disk"));
    return Promise.resolve(void deeds.push(`note ${undoing}`));
  };
  const deps = { engine, restoreJournal: { put }, log: { warn: () => {} } } as unknown as UndoRestoreDependencies;
  return { deps, deeds };
}

const all = [helper, container, "data", "more", "lan"];
const created = { newId: "1234" };

it.each<readonly [string, Partial<RestoreEntry>, string | undefined, readonly string[]]>([
  ["which it notes before", created, "nothing", ["note true", ...all]],
  ["though the disk is full", {}, undefined, all],
  ["though the disk is full, once it is noted", { ...created, undoing: true }, undefined, all],
  ["before its container, where that makes room", created, helper, [helper, "note true", ...all.slice(1)]],
])("removes what a restore has created, %s", async (_, more, freeing, expected) => {
  const { deps, deeds } = leftBy(freeing);

  await undoRestore(deps, { ...entry, ...more }, signal);

  expect(deeds.map((deed) => deed.replace("remove ", ""))).toEqual(expected);
});

it.each<readonly [string, Partial<RestoreEntry>]>([
  ["is noted", created],
  ["was brought back", { undoing: true, replaced: { halts: [], begun: 0, start: true, returnedId: "1234" } }],
])(
  "removes no container that %s before it can note that, as nobody could tell whether it had its name",
  async (_, more) => {
    const { deps, deeds } = leftBy(undefined);

    const undone = undoRestore(deps, { ...entry, ...more }, signal);

    await expect(undone).rejects.toMatchObject({ code: "file_failed" });
    expect(deeds).toEqual([`remove ${helper}`]);
  },
);
