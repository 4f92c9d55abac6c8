import type { BackupJournal } from "../core/backup-journal.ts";
import { isTransientName, nameFrom } from "../core/container.ts";
import type { Deletion, Deletions } from "../core/deletions.ts";
import type { Disk } from "../core/disk.ts";
import type { OperationBook } from "../core/doors.ts";
import type { Engine, Journal } from "../core/ports.ts";
import { needsOf } from "../core/prune/needs.ts";
import type { RestoreJournal } from "../core/restore-journal.ts";
import type { Locks } from "../lib/locks.ts";
import { engineLock } from "./runner.ts";
import { inspectAll } from "./survey.ts";

export interface DeletionsDependencies {
  readonly engine: Pick<Engine, "list" | "inspect" | "remove" | "removeImage"> &
    Pick<Disk, "removeVolume" | "removeNetwork">;
  readonly operations: Pick<OperationBook, "pending">;
  readonly journal: Pick<Journal, "all">;
  readonly backupJournal: Pick<BackupJournal, "all">;
  readonly restoreJournal: Pick<RestoreJournal, "all">;
  readonly locks: Locks;
  readonly ownContainerId: string | undefined;
}

const gone: Deletion = { kind: "deleted", volumes: [] };

/**
 * Has the engine for itself while it removes something, as a prune has. Nothing is removed while an operation waits or
 * runs, or is noted in a journal: after a crash, or while a helper carries on, only the notes tell what is needed.
 */
export function createDeletions(deps: DeletionsDependencies): Deletions {
  const { engine, locks } = deps;
  const alone = async (act: () => Promise<Deletion>): Promise<Deletion> => {
    // Nobody waits here for the end of an update.
    const before = await workOn(deps);
    if (before !== undefined) return { kind: "busy", reason: before };
    using _ = await locks.acquire([engineLock]);
    const since = await workOn(deps);
    return since === undefined ? await act() : { kind: "busy", reason: since };
  };
  return {
    container: (id, volumes, signal) =>
      alone(async () => {
        // As it is called now: it may have been replaced since it was asked for.
        const name = nameFrom((await engine.inspect(id, signal)).Name);
        if (isTransientName(name)) return { kind: "needed", reason: `${name} is part of a replacement or a backup` };
        await engine.remove(id, { force: true }, signal);
        const removed: string[] = [];
        for (const volume of volumes) {
          const isGone = await engine.removeVolume(volume, signal).then(
            () => true,
            () => false,
          );
          if (isGone) removed.push(volume);
        }
        return { kind: "deleted", volumes: removed };
      }),
    // Of volumes and images the engine itself knows who has them, stopped containers too.
    volume: (name, signal) => alone(() => engine.removeVolume(name, signal).then(() => gone)),
    image: (id, signal) => alone(() => engine.removeImage(id, signal).then(() => gone)),
    network: (network, signal) =>
      alone(async () => {
        const containers = await inspectAll(engine, signal);
        const { ownContainerId } = deps;
        const needs = needsOf({ containers, journal: [], backups: [], restores: [], ownContainerId });
        const users = needs.usersOfNetwork(network);
        if (users !== undefined) return { kind: "needed", reason: users };
        return await engine.removeNetwork(network.id, signal).then(() => gone);
      }),
  };
}

/** Why nothing may be removed now; undefined where nothing is against it. */
async function workOn(deps: DeletionsDependencies): Promise<string | undefined> {
  const noted = await Promise.all([deps.journal.all(), deps.backupJournal.all(), deps.restoreJournal.all()]);
  // Last, so that nothing can come between this look and the lock.
  if (deps.operations.pending().length > 0) return "an operation is under way";
  const [unfinished] = noted.flat();
  return unfinished === undefined ? undefined : `an operation on ${unfinished.container} has not ended`;
}
