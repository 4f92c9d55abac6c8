import { expect, it } from "vitest";
import { inspectOf } from "../../test/scripted-engine.ts";
import type { BackupEntry } from "../core/backup-journal.ts";
import type { RestoreEntry } from "../core/restore-journal.ts";
import { admissionFor } from "./refusal.ts";

const web = inspectOf("1234", "web", {
  HostConfig: { NetworkMode: "bridge" },
  Mounts: [],
  NetworkSettings: { Networks: {}, Ports: {} },
} as never);

function admissionWith(halted: readonly string[], stopped: readonly string[] = []) {
  const stops = stopped.map((id) => ({ container: id, id, deed: "stop" as const, startedAt: "" }));
  const restore = { container: "web", replaced: { halts: stops } } as unknown as RestoreEntry;
  const halts = halted.map((id) => ({ container: id, id, deed: "stop" as const, startedAt: "" }));
  const entry = { container: "db", halts } as unknown as BackupEntry;
  const deps = {
    journal: { all: () => Promise.resolve([]) },
    backupJournal: { all: () => Promise.resolve([entry]) },
    restoreJournal: { all: () => Promise.resolve([restore]) },
    ...{ ownContainerId: undefined, engineHost: "unix:///var/run/docker.sock", dataDir: "/data" },
    wayToEngine: () => Promise.resolve(() => false),
  };
  return admissionFor(deps, { target: web, all: [web], names: new Map([["1234", "web"]]) }, "recreate");
}

it("is admitted while the backup of others is not finished", async () => {
  expect(await admissionWith(["5678"])).toMatchObject({ kind: "admitted" });
});

it("is refused while a backup is not finished that has stopped it", async () => {
  expect(await admissionWith(["5678", "1234"])).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("An earlier backup of db is not finished"),
  });
});

it("is refused while a restore is not finished that has stopped it", async () => {
  expect(await admissionWith([], ["1234"])).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("An earlier restore of web is not finished"),
  });
});
