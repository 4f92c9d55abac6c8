import { resolve } from "node:path";
import type { Config } from "./config/config.ts";
import { backupDirectoryOf, wayToEngineOf } from "./connections.ts";
import type { AutoUpdateSettings } from "./core/auto-update.ts";
import type { BackupJournal } from "./core/backup-journal.ts";
import { isoSeconds, nameFrom } from "./core/container.ts";
import type { Disk } from "./core/disk.ts";
import { type LocalImage, localImageFrom } from "./core/image-identity.ts";
import { parseImageReference } from "./core/image-reference.ts";
import type { ContainerInspect } from "./core/inspect.ts";
import type { JournalEntry, SwapCommand } from "./core/journal.ts";
import type { Command } from "./core/operation.ts";
import type {
  AutoUpdateSwitches,
  Engine,
  Inventory,
  Journal,
  Operations,
  Registry,
  RemoteImages,
} from "./core/ports.ts";
import type { RestoreJournal } from "./core/restore-journal.ts";
import { keptAfterUpdate } from "./core/retention.ts";
import type { EngineStorage } from "./core/storage.ts";
import { type CheckRecord, recordAfterRollback, recordAfterUpdate } from "./core/update-status.ts";
import type { Vault } from "./core/vault.ts";
import type { ContainerWatch } from "./inventory/watch.ts";
import type { Log } from "./lib/log.ts";
import type { Clock } from "./lib/time.ts";
import { switchAutoUpdate } from "./operations/auto-update.ts";
import { type BackupSettings, backUpContainer } from "./operations/backup.ts";
import type { HaltsDependencies } from "./operations/backup-preparation.ts";
import { backUpSeveral } from "./operations/backup-several.ts";
import { checkForUpdates } from "./operations/check.ts";
import { dryRun } from "./operations/dry-run.ts";
import { changeLifecycle } from "./operations/lifecycle.ts";
import { prune } from "./operations/prune.ts";
import { type RestoreDependencies, restoreContainer } from "./operations/restore.ts";
import type { Order, Procedures } from "./operations/runner.ts";
import { inspectNamed } from "./operations/survey.ts";
import { type UpdateDependencies, updateContainer } from "./operations/update.ts";
import { updateSeveral } from "./operations/update-several.ts";
import { createVersionSources } from "./operations/version-findings.ts";

export interface ProcedureDependencies {
  readonly config: Config;
  readonly engine: Engine & Disk & EngineStorage;
  /** The engine's address, as configured. */
  readonly engineHost: string;
  readonly registry: Registry;
  readonly remoteImages: RemoteImages;
  readonly inventory: Inventory;
  readonly look: ContainerWatch["look"];
  readonly journal: Journal;
  readonly backupJournal: BackupJournal;
  readonly restoreJournal: RestoreJournal;
  readonly vault: Vault;
  readonly switches: AutoUpdateSwitches;
  readonly node: string;
  readonly ownContainerId: string | undefined;
  /** Gangway's release. */
  readonly version: string;
  /** The operations that somebody is at work on. */
  readonly atWork: Set<string>;
  readonly submit: Operations["submit"];
  readonly rediscover: () => void;
  /** The disk holds less now. */
  readonly onPruned: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What each command does, with everything that it needs. */
export function proceduresFor(deps: ProcedureDependencies): Procedures {
  const { config } = deps;
  const update = updateDependencies(deps);
  const lifecycle = { ...deps, wayToEngine: update.wayToEngine };
  const checking = { ...deps, versions: createVersionSources(deps, config) };
  const backing = backupDependencies(deps);
  const switching = { ...deps, settings: autoUpdateSettings(config) };
  const replace = (command: Extract<Command, { kind: SwapCommand }>, order: Order, signal: AbortSignal) =>
    command.dryRun === true || config.update.dryRun
      ? dryRun({ ...deps, wayToEngine: update.wayToEngine, dataDir: update.dataDir }, command, signal)
      : updateContainer(update, command, order, signal);
  return {
    update: replace,
    recreate: replace,
    rollback: replace,
    backup_all: () => backUpSeveral(deps),
    restore: (command, order, signal) => restoreContainer(backing, command, order, signal),
    backup: (command, order, signal) => backUpContainer(backing, command, order, signal),
    update_all: (command) => updateSeveral(deps, command),
    start: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    stop: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    restart: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    pause: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    unpause: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    check: async (command, _, signal) => {
      const isOfAll = command.container === undefined;
      if (isOfAll) deps.inventory.setChecking(true);
      try {
        return await checkForUpdates(checking, command, signal);
      } finally {
        if (isOfAll) deps.inventory.setChecking(false);
      }
    },
    prune: async (command, _, signal) => {
      const outcome = await prune({ ...deps, keep: config.prune.keep }, command, signal);
      if (outcome.prune?.preview === false) deps.onPruned();
      return outcome;
    },
    auto_update: (command, _, signal) => switchAutoUpdate(switching, command, signal),
    rediscover: () => {
      deps.rediscover();
      return Promise.resolve({ state: "done", message: "Everything is published again." });
    },
  };
}

/** What the configuration says of automatic updates. */
export function autoUpdateSettings({ update, images }: Config): AutoUpdateSettings {
  return { enabled: update.auto.enabled, images };
}

/** What the configuration says of backups. */
function backupSettings({ backup }: Config): BackupSettings {
  const { consistency, compression, keep, keepDays } = backup;
  const keepForMs = keepDays === undefined ? undefined : keepDays * 86_400_000;
  return { consistency, compression, retention: { keep, keepForMs } };
}

/** What backing up containers needs, and the recovery of interrupted backups. */
export function backupDependencies(deps: Omit<ProcedureDependencies, "submit">): RestoreDependencies {
  return { ...deps, ...haltsDependencies(deps) };
}

/** What says who has to be halted for a backup, and where the backups are. */
export function haltsDependencies({
  config,
  engineHost,
  node,
  ownContainerId,
}: Pick<ProcedureDependencies, "config" | "engineHost" | "node" | "ownContainerId">): Omit<
  HaltsDependencies,
  "engine"
> {
  const directory = resolve(backupDirectoryOf(config, node));
  const isOnHost = ownContainerId === undefined && engineHost.startsWith("unix://");
  return {
    ownContainerId,
    backups: backupSettings(config),
    backupPlace: { directory, isOnHost },
    wayToEngine: wayToEngineOf(engineHost),
  };
}

/** What the configuration says of replacing containers. */
export function replacementSettings({ update, images }: Config): Pick<UpdateDependencies, "gate" | "keptImages"> {
  return {
    gate: { healthTimeoutMs: update.healthTimeout.ms, stableForMs: update.stableFor.ms },
    keptImages: (image) => keptAfterUpdate(image, { ...update.cleanup, images }),
  };
}

/** What replacing containers needs, for the update and for the recovery of interrupted ones. */
export function updateDependencies(deps: ProcedureDependencies): UpdateDependencies {
  const { config, engineHost, inventory, clock } = deps;
  return {
    ...deps,
    ...replacementSettings(config),
    dataDir: resolve(config.dataDir),
    wayToEngine: wayToEngineOf(engineHost),
    backupFirst: config.update.backupFirst,
    backing: backupDependencies(deps),
    onCurrent: ({ Name, Config: { Image: reference } }, image) => {
      const reason = "The container runs what was just pulled.";
      const before = inventory.get(nameFrom(Name))?.check;
      const record = recordAfterUpdate(reference, localImageFrom(image), isoSeconds(clock.now()), { reason, before });
      if (record !== undefined) inventory.setCheck(nameFrom(Name), record);
    },
    onReplaced: async ({ command, container, members }, inspects) => {
      const known = inventory.get(container)?.check;
      const before = known?.imageId === members[0]?.inspect.Image ? known : undefined;
      for (const [index, inspect] of inspects.entries()) {
        const isUpdated = index === 0 && command === "update";
        const reference = inspect.Config.Image;
        await show(deps, inspect, (image, at) =>
          isUpdated ? recordAfterUpdate(reference, image, at, { before }) : undefined,
        );
      }
    },
    onRestored: (entry) => showRestored(deps, entry),
  };
}

/** Shows the old containers again, and that the update which was undone is still to be had. */
async function showRestored(deps: ProcedureDependencies, entry: JournalEntry): Promise<void> {
  const { members, command, newDigest: latestDigest, judged = false } = entry;
  const before = deps.inventory.get(entry.container)?.check;
  const targetTag = changedTagOf(entry);
  for (const [index, { container }] of members.entries()) {
    try {
      const inspect = await inspectNamed(deps.engine, container, AbortSignal.timeout(showMs));
      const judge: Judge = (image, at) =>
        index > 0 || command !== "update" || latestDigest === undefined
          ? undefined
          : recordAfterRollback(inspect.Config.Image, image, { latestDigest, judged, targetTag, before }, at);
      await show(deps, inspect, judge);
    } catch (error) {
      deps.log.debug({ container, err: error }, "container could not be shown");
    }
  }
}

/** The tag that the replacement was for, where it is another one than before. */
function changedTagOf({ members: [target] }: JournalEntry): string | undefined {
  if (target === undefined || target.reference === target.inspect.Config.Image) return undefined;
  const reference = parseImageReference(target.reference);
  return reference.kind === "reference" ? reference.tag : undefined;
}

const showMs = 10_000;

type Judge = (image: LocalImage, checkedAt: string) => CheckRecord | undefined;

/** Shows the container that has the name now at once, not when the engine's events have come around. */
async function show(
  { look, clock, log }: ProcedureDependencies,
  { Id: id, Name: name }: ContainerInspect,
  judge: Judge,
): Promise<void> {
  try {
    await look(id, (image) => judge(image, isoSeconds(clock.now())), AbortSignal.timeout(showMs));
  } catch (error) {
    // The engine's events will show it too, a moment later.
    log.debug({ container: nameFrom(name), err: error }, "container could not be shown yet");
  }
}
