import { describe, expect, it } from "vitest";
import { type InPlaceEnding, type InPlaceSeen, inPlaceEnding } from "./in-place-ending.ts";
import type { ContainerInspect } from "./inspect.ts";
import type { ReplacedEntry, RestoreEntry } from "./restore-journal.ts";

const entry: RestoreEntry = {
  ...{ schema: 1, kind: "restore", operation: "0000abcd", id: "1", node: "nas", container: "web" },
  ...{ file: "web.tar", startedAt: "2026-11-21T18:01:02Z", volumes: ["data"], networks: [] },
};
const replaced: ReplacedEntry = { halts: [], begun: 0, start: true, oldId: "old" };
const kept: Partial<RestoreEntry> = { replaced: { ...replaced, safety: "web_now.tar" } };
const created = { ...kept, newId: "new" };
const returning = { ...created, undoing: true };
const returned = { ...returning, replaced: { ...replaced, safety: "web_now.tar", returnedId: "back" } };
const orphans = { replaced: { ...replaced, oldId: undefined, safety: "web_now.tar" } };

const seen = (Id: string, name = "web", Status = "exited") =>
  ({ Id, Name: `/${name}`, State: { Status, Dead: Status === "dead" } }) as ContainerInspect;
const nameless = "web.gw-restore-0000abcd";

describe("what becomes of a restore in the place of something that was interrupted", () => {
  it.each<readonly [string, Partial<RestoreEntry>, Partial<InPlaceSeen>, InPlaceEnding]>([
    ["before anything was kept", { replaced }, { old: seen("old") }, "resume"],
    ["before anything was kept, and somebody removed the old one", { replaced }, {}, "resume"],
    ["before the old one was removed", kept, { old: seen("old"), holder: seen("old") }, "resume"],
    ["while the old one was being removed", kept, { old: seen("old", "web", "removing") }, "return"],
    ["while the old one could not be removed", kept, { old: seen("old", "web", "dead") }, "return"],
    ["after the old one was removed", kept, {}, "return"],
    ["where there were only volumes", orphans, {}, "return"],
    ["with a container that waits for its name", created, { fresh: seen("new", nameless) }, "return"],
    ["with a container that has its name", created, { fresh: seen("new"), holder: seen("new") }, "done"],
    ["with a container that the user has renamed", created, { fresh: seen("new", "mine") }, "done"],
    ["with a container that is gone", created, {}, "lost"],
    ["with a container that had its name and is gone", { ...created, named: true }, {}, "done"],
    ["where somebody has made another", kept, { holder: seen("else") }, "taken"],
    [
      "where somebody has made another beside",
      created,
      { fresh: seen("new", nameless), holder: seen("else") },
      "taken",
    ],
    ["while it was brought back", returning, {}, "return"],
    ["while it was brought back, before anything was removed", returning, { fresh: seen("new", nameless) }, "return"],
    ["while it was brought back, and somebody made another", returning, { holder: seen("else") }, "taken"],
    ["before what was brought back had its name", returned, { returned: seen("back", nameless) }, "return"],
    ["after what was brought back had its name", returned, { returned: seen("back") }, "returned"],
    ["after what was brought back was removed", returned, {}, "lost"],
  ])("%s", (_, more, there, expected) => {
    const nobody = { old: undefined, fresh: undefined, returned: undefined, holder: undefined };

    expect(inPlaceEnding({ ...entry, ...more }, { ...nobody, ...there })).toBe(expected);
  });
});
