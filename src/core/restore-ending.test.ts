import { describe, expect, it } from "vitest";
import { type RestoreEnding, restoreEnding } from "./restore-ending.ts";
import type { RestoreEntry } from "./restore-journal.ts";

const entry: RestoreEntry = {
  ...{ schema: 1, kind: "restore", operation: "0000abcd", id: "1", node: "nas", container: "web" },
  ...{ file: "web.tar", startedAt: "2026-11-21T18:01:02Z", volumes: ["data"], networks: [] },
};
const created = { newId: "1234" };

describe("what becomes of an interrupted restore", () => {
  it.each<readonly [string, Partial<RestoreEntry>, string | undefined, RestoreEnding]>([
    ["without a container", {}, undefined, "undo"],
    ["whose container waits for its name", created, "/web.gw-restore-0000abcd", "undo"],
    ["whose container has its name", created, "/web", "done"],
    ["whose container the user has renamed", created, "/mine", "done"],
    ["whose container is gone", created, undefined, "lost"],
    ["whose container had its name and is gone", { ...created, named: true }, undefined, "done"],
    ["that was being undone", { ...created, undoing: true }, undefined, "undo"],
    ["that was to be undone", { ...created, undoing: true }, "/web.gw-restore-0000abcd", "undo"],
  ])("%s", (_, more, name, expected) => {
    expect(restoreEnding({ ...entry, ...more }, name === undefined ? undefined : { Name: name })).toBe(expected);
  });
});
