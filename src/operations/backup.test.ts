import { expect, it } from "vitest";
import { backupPlan } from "../../test/backup-plan.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import { GangwayError } from "../lib/errors.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";
import { type BackupDependencies, backUpContainer } from "./backup.ts";

const signal = new AbortController().signal;
const order = { operation: "00000001", id: "1", startedAt: "", report: () => {} };
const nothing = (): Promise<void> => Promise.resolve();
const never = (): Promise<never> => new Promise(() => {});

it("lets the container run again before it waits for a backup directory that does not answer", async () => {
  const stopped = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  let isRunning = true;
  const mount = { Type: "volume", Name: "data", Source: "", Destination: "/data", RW: true };
  const inspect = (id: string): Promise<ContainerInspect> =>
    id.includes("gw-backup")
      ? Promise.reject(new GangwayError("engine_not_found", "no such container"))
      : Promise.resolve({
          ...{ Id: "1234", Name: "/web", Image: "sha256:01", Mounts: [mount], Config: { Image: "web:1", Labels: {} } },
          HostConfig: { NetworkMode: "bridge" },
          NetworkSettings: { Networks: {}, Ports: {} },
          State: { Running: isRunning, Paused: false, Restarting: false, StartedAt: "1" },
        } as unknown as ContainerInspect);
  const deps = {
    engine: {
      inspect,
      list: () => Promise.resolve([{ id: "1234" }]),
      inspectImage: () => Promise.resolve({ Id: "sha256:01", RepoDigests: [], Config: {}, Os: "linux" }),
      inspectVolume: () => Promise.resolve({ Name: "data", Driver: "local" }),
      usage: () => Promise.resolve({ volumes: [] }),
      create: nothing,
      stop: () => {
        isRunning = false;
        stopped.resolve();
        return Promise.resolve();
      },
      start: () => Promise.resolve(started.resolve()),
      readArchive: never,
    },
    vault: {
      freeBytes: () => Promise.resolve(1),
      begin: () =>
        Promise.resolve({
          add: () => Promise.reject(new GangwayError("file_failed", "it took nothing")),
          finish: never,
          [Symbol.asyncDispose]: never,
        }),
    },
    backupJournal: { put: nothing, remove: nothing, all: () => Promise.resolve([]) },
    backups: { consistency: "stop", compression: "zstd", retention: { keep: 5 } },
    backupPlace: { directory: "/backups", isOnHost: false },
    inventory: { node: () => ({ engine: backupPlan().engine }) },
    ...{ node: "nas", version: "1.2.3", ownContainerId: undefined, atWork: new Set(), clock: systemClock },
    wayToEngine: () => Promise.resolve(() => false),
    log: createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() }),
  } as unknown as BackupDependencies;

  const backup = backUpContainer(deps, { kind: "backup", container: "web" }, order, signal);

  await Promise.race([backup, stopped.promise]);
  await expect(started.promise).resolves.toBeUndefined();
});
