import { randomBytes } from "node:crypto";
import type { Config, EngineConfig } from "./config/config.ts";
import { type BrokerAddress, backupDirectoryOf, openRegistryOf, type Surroundings } from "./connections.ts";
import { autoUpdatePolicy } from "./core/auto-update.ts";
import type { BackupJournal } from "./core/backup-journal.ts";
import type { BackupShelf } from "./core/backup-shelf.ts";
import type { Disk } from "./core/disk.ts";
import type { NodeNews, ServedNode } from "./core/doors.ts";
import { eventFrom, eventsFrom, type NodeEvent } from "./core/node-event.ts";
import type { OperationResult } from "./core/operation.ts";
import type {
  BrokerSession,
  Engine,
  Entry,
  Inventory,
  InventoryChange,
  Journal,
  Operations,
  RemoteImages,
} from "./core/ports.ts";
import type { RegistryLimits } from "./core/registry-limit.ts";
import type { RestoreJournal } from "./core/restore-journal.ts";
import { isSelected } from "./core/selection.ts";
import type { EngineStorage } from "./core/storage.ts";
import { openVault } from "./files/backup/vault.ts";
import type { History } from "./files/history.ts";
import type { KnownEngine } from "./files/known.ts";
import { openNetworkFiles } from "./files/network-files.ts";
import type { SettingsFile } from "./files/settings.ts";
import { isDiskShown } from "./homeassistant/node-entities.ts";
import { type AutoUpdates, startAutoUpdates } from "./inventory/auto-updates.ts";
import { scheduleBackups } from "./inventory/backup-schedule.ts";
import { watchDiskUsage } from "./inventory/disk-usage.ts";
import { nameOfNode } from "./inventory/node-name.ts";
import { pollStats } from "./inventory/poll-stats.ts";
import { showRegistryLimits } from "./inventory/registry-limits.ts";
import { scheduleChecks } from "./inventory/schedule.ts";
import { createInventory } from "./inventory/store.ts";
import { type ContainerWatch, watchContainers } from "./inventory/watch.ts";
import { untilAborted } from "./lib/time.ts";
import { openBridge } from "./node-bridge.ts";
import { openOperations } from "./node-operations.ts";
import { createNetworkShelf } from "./operations/networks.ts";
import { removeBackup } from "./operations/remove-backup.ts";
import { previewRestore, type RestoreDependencies } from "./operations/restore.ts";
import { autoUpdateSettings, backupDependencies } from "./procedures.ts";

export interface NodeDependencies {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly engine: Engine & Disk & EngineStorage;
  readonly broker: BrokerAddress;
  readonly known: KnownEngine;
  readonly remoteImages: RemoteImages;
  readonly history: History;
  readonly journal: Journal;
  readonly backupJournal: BackupJournal;
  readonly restoreJournal: RestoreJournal;
  readonly settingsFile: SettingsFile;
  readonly limits: RegistryLimits;
  /** Told of everything that happens on the node. */
  readonly onNews: (node: string, news: NodeNews) => void;
}

/** One engine with all that serves it. */
export interface Node {
  /** Are engine and broker there? */
  readonly isReady: () => boolean;
  /** What the doors show; undefined until its name is known. */
  readonly served: () => ServedNode | undefined;
  /** Resolves when the node has ended, after the signal aborted. */
  readonly ended: Promise<void>;
}

const newOperation = (): string => randomBytes(4).toString("hex");

/** Serves one engine until `signal` aborts, and what was begun is finished or at a safe point. */
export function openNode(deps: NodeDependencies, engineConfig: EngineConfig, signal: AbortSignal): Node {
  const { known, history, settingsFile } = deps;
  const inventory = createInventory((name) => {
    const node = known.node();
    const check = known.check(name);
    const offered = known.offer(name);
    const lastResult = node === undefined ? undefined : history.last(node, name);
    const lastUpdate = node === undefined ? undefined : history.lastUpdate(node, name);
    const lastBackup = node === undefined ? undefined : history.lastBackup(node, name);
    const autoUpdate = node === undefined ? undefined : settingsFile.autoUpdate(node, name);
    return {
      ...(check === undefined ? {} : { check }),
      ...(offered === undefined ? {} : { offered }),
      ...(lastResult === undefined ? {} : { lastResult }),
      ...(lastUpdate === undefined ? {} : { lastUpdate }),
      ...(lastBackup === undefined ? {} : { lastBackup }),
      ...(autoUpdate === undefined ? {} : { autoUpdate }),
    };
  });
  let session: BrokerSession | undefined;
  let served: ServedNode | undefined;
  const onSession = (opened: BrokerSession): void => {
    session = opened;
  };
  const isBrokerConnected = (): boolean => session?.closed.aborted === false;
  const onServed = (known: Omit<ServedNode, "isBrokerConnected">): void => {
    served = { ...known, isBrokerConnected };
  };
  return {
    isReady: () => inventory.node().engine !== undefined && isBrokerConnected(),
    served: () => served,
    ended: serve(deps, { engineConfig, inventory, onSession, onServed }, signal),
  };
}

interface Subject {
  readonly engineConfig: EngineConfig;
  readonly inventory: Inventory;
  readonly onSession: (session: BrokerSession) => void;
  readonly onServed: (served: Omit<ServedNode, "isBrokerConnected">) => void;
}

async function serve(deps: NodeDependencies, subject: Subject, signal: AbortSignal): Promise<void> {
  const { config, engine, known } = deps;
  const { log } = deps.surroundings;
  const { engineConfig, inventory } = subject;
  // What watches and publishes outlives the wish to end: the last operations are still to be told of.
  const lifetime = new AbortController();
  const isWatched = ({ name, labels }: Entry["container"]): boolean => isSelected(name, labels, config.containers);
  const watch = watchContainers({ engine, inventory, isWatched, log }, lifetime.signal);
  const lastCheck = known.lastCheck();
  if (lastCheck !== undefined) inventory.setCheckTimes({ lastCheck });
  inventory.subscribe((change) => {
    if (change.kind === "node") rememberNode(known, inventory, change);
    if (change.kind === "removed") known.setCheck(change.name, undefined);
    if (change.kind === "added" || change.kind === "changed") rememberEntry(known, change.name, change.after);
  });
  const node = await nameOfNode(engineConfig.node, known, inventory, signal);
  if (node !== undefined) await serveNode(deps, { ...subject, node, look: watch.look }, signal, lifetime);
  lifetime.abort();
  await watch.ended;
}

function rememberEntry(known: KnownEngine, name: string, { check, offered }: Entry): void {
  if (check !== known.check(name)) known.setCheck(name, check);
  if (offered !== undefined && offered !== known.offer(name)) known.setOffer(name, offered);
}

function rememberNode(
  known: KnownEngine,
  inventory: Inventory,
  { before, after }: Extract<InventoryChange, { readonly kind: "node" }>,
): void {
  if (after.lastCheck !== undefined && after.lastCheck !== known.lastCheck()) known.setLastCheck(after.lastCheck);
  // Whoever went while nobody looked.
  if (before.engine === undefined && after.engine !== undefined) {
    known.keepChecks(new Set(inventory.all().map(({ container }) => container.name)));
  }
}

/** What serves an engine whose node is known. */
interface Serving extends Subject {
  readonly node: string;
  readonly look: ContainerWatch["look"];
}

async function serveNode(
  deps: NodeDependencies,
  subject: Serving,
  signal: AbortSignal,
  lifetime: AbortController,
): Promise<void> {
  const { config, surroundings, history, settingsFile, limits } = deps;
  const { inventory, node } = subject;
  const { clock, log, ownContainerId } = surroundings;
  recallSwitches(inventory, node, settingsFile);
  showRegistryLimits({ inventory, limits, clock }, signal);
  const insecure = (): readonly string[] => inventory.node().engine?.insecureRegistries ?? [];
  const happened = (event: NodeEvent): void => deps.onNews(node, { kind: "event", event });
  using _ = inventory.subscribe((change) => {
    for (const event of eventsFrom(change, inventory.node().isCounted === true)) happened(event);
  });
  await using registry = openRegistryOf(config, surroundings, insecure, limits);
  const working = {
    ...deps,
    ...subject,
    engineHost: subject.engineConfig.host,
    vault: openVault(backupDirectoryOf(config, node), undefined, node),
    version: surroundings.version,
    newOperation,
    switches: settingsFile.autoUpdateSwitches(node),
    atWork: new Set<string>(),
    rediscover: (): void => bridge.rediscover(),
    onPruned: (): void => disk?.look(),
    ...{ registry, ownContainerId, clock, log },
  };
  const onResult = (result: OperationResult, joined = false): void => {
    const isPreview = result.plan !== undefined || result.prune?.preview === true;
    const isLook = result.command === "check" || result.command === "rediscover" || isPreview;
    const { prune: _, ...kept } = result;
    if (!isLook && !joined) history.add({ ...kept, node });
    bridge.announce(result, joined);
    deps.onNews(node, { kind: "result", result, joined });
    const event = joined ? undefined : eventFrom(result);
    if (event !== undefined) happened(event);
    if (!joined) autoUpdates.ended(result);
  };
  const { runner, deletions, stop } = openOperations(working, onResult);
  const { bridge, connected } = openBridge({ ...working, operations: runner, newId: newOperation }, lifetime.signal);
  const autoUpdateOf = (entry: Entry) => autoUpdatePolicy(entry, autoUpdateSettings(config));
  const backups = shelfOf({ ...backupDependencies(working), config });
  const networkFiles = openNetworkFiles(backupDirectoryOf(config, node));
  const networks = createNetworkShelf({ ...working, networkFiles });
  subject.onServed({
    ...{ name: node, inventory, operations: runner, engine: deps.engine, deletions, backups, networks, autoUpdateOf },
  });
  const autoUpdates = autoUpdatesFor(deps, { inventory, operations: runner, node }, signal);
  void scheduleChecks(
    { inventory, operations: runner, clock },
    { schedule: config.check.schedule, onStart: config.check.onStart },
    signal,
  );
  const { schedule: backupTimes } = config.backup;
  if (backupTimes !== undefined) {
    void scheduleBackups({ inventory, operations: runner, clock }, { kind: "cron", expression: backupTimes }, signal);
  }
  const disk = isDiskShown(config.entities)
    ? watchDiskUsage({ engine: deps.engine, inventory, log }, signal)
    : undefined;
  const statsIntervalMs = config.stats.interval.ms;
  if (statsIntervalMs > 0) void pollStats({ engine: deps.engine, inventory, log }, statsIntervalMs, signal);
  await untilAborted(signal);
  await stop();
  lifetime.abort();
  await connected;
}

function shelfOf(deps: RestoreDependencies & { readonly config: Config }) {
  const { vault, config } = deps;
  return {
    ...{ list: vault.list, pathOf: vault.pathOf, archive: vault.archive },
    remove: (file) => removeBackup(deps, file),
    receive: (upload, limit) => vault.receive({ ...upload, most: config.backup.uploadLimitGb * 1e9 }, limit),
    preview: (command, limit) => previewRestore(deps, command, limit),
  } satisfies BackupShelf;
}

function autoUpdatesFor(
  { config, surroundings, history }: NodeDependencies,
  {
    inventory,
    operations,
    node,
  }: { readonly inventory: Inventory; readonly operations: Operations; readonly node: string },
  signal: AbortSignal,
): AutoUpdates {
  const { clock, log, ownContainerId } = surroundings;
  const { auto, cooldown, parallel } = config.update;
  return startAutoUpdates(
    {
      inventory,
      operations,
      leftBehind: (name) => history.leftBehind(node, name),
      isOwn: (name) => ownContainerId !== undefined && inventory.get(name)?.container.id === ownContainerId,
      clock,
      log,
    },
    { ...auto, images: config.images, cooldownMs: cooldown.ms, parallel },
    signal,
  );
}

/** Containers can be there before their node has a name, by which their switches are kept. */
function recallSwitches(inventory: Inventory, node: string, settingsFile: SettingsFile): void {
  for (const { container } of inventory.all()) {
    const isOn = settingsFile.autoUpdate(node, container.name);
    if (isOn !== undefined) inventory.setAutoUpdate(container.name, isOn);
  }
}
