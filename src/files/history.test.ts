import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PastOperation } from "../core/doors.ts";
import { openHistory } from "./history.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gangway-history-"));
});
afterEach(() => rm(directory, { recursive: true }));

const open = () =>
  openHistory(join(directory, "history.json"), {
    onDamage: ({ reason }) => expect.unreachable(reason),
    onFailure: (error) => expect.unreachable(String(error)),
  });
const entry = (more: Partial<PastOperation>): PastOperation => ({
  node: "nas",
  id: "1",
  command: "update",
  container: "web",
  state: "updated",
  message: "",
  startedAt: "",
  finishedAt: "",
  from: "1 (aaaaaaaaaaaa)",
  to: "1 (bbbbbbbbbbbb)",
  ...more,
});

describe("the history", () => {
  it("tells, in the next run too, which versions a container has left behind", async () => {
    const history = await open();
    history.add(entry({}));
    history.add(entry({ from: "1 (bbbbbbbbbbbb)", to: "1 (cccccccccccc)" }));
    history.add(entry({ from: "1 (cccccccccccc)", to: "1 (dddddddddddd)", state: "rolled_back" }));
    history.add(entry({ command: "rollback", state: "done", from: "1 (cccccccccccc)", to: "1 (bbbbbbbbbbbb)" }));
    history.add(entry({ command: "recreate", state: "done", from: "1 (dddddddddddd)", to: "1 (dddddddddddd)" }));
    history.add(entry({ container: "db", from: "2 (eeeeeeeeeeee)" }));
    history.add(entry({ node: "pi", from: "1 (ffffffffffff)" }));
    await history[Symbol.asyncDispose]();

    await using next = await open();
    for (const known of [history, next]) {
      expect(known.leftBehind("nas", "web")).toEqual(["1 (aaaaaaaaaaaa)", "1 (bbbbbbbbbbbb)", "1 (cccccccccccc)"]);
    }
  });

  it("tells, in the next run too, when a container was given a newer image or backed up last", async () => {
    const history = await open();
    history.add(entry({ finishedAt: "2026-01-01T00:00:00Z" }));
    history.add(entry({ finishedAt: "2026-01-02T00:00:00Z" }));
    history.add(entry({ finishedAt: "2026-01-03T00:00:00Z", state: "rolled_back" }));
    history.add(entry({ finishedAt: "2026-01-04T00:00:00Z", command: "restart", state: "done" }));
    history.add(entry({ finishedAt: "2026-01-05T00:00:00Z", node: "pi" }));
    history.add(entry({ finishedAt: "2026-01-06T00:00:00Z", command: "backup", state: "done" }));
    history.add(entry({ finishedAt: "2026-01-07T00:00:00Z", command: "backup", state: "failed" }));
    await history[Symbol.asyncDispose]();

    await using next = await open();
    for (const known of [history, next]) {
      expect(known.lastUpdate("nas", "web")).toBe("2026-01-02T00:00:00Z");
      expect(known.lastBackup("nas", "web")).toBe("2026-01-06T00:00:00Z");
      expect(known.lastUpdate("nas", "db")).toBeUndefined();
    }
  });
});
