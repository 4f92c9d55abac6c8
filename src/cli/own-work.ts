import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Config, EngineConfig } from "../config/config.ts";
import {
  backupDirectoryOf,
  openBackupJournalOf,
  openEngineOf,
  openJournalOf,
  openRegistryOf,
  openRestoreJournalOf,
} from "../connections.ts";
import { backupNameFrom } from "../core/backup-name.ts";
import type { Command, OperationResult } from "../core/operation.ts";
import { isSuccess } from "../core/operation.ts";
import type { Inventory } from "../core/ports.ts";
import { isSelected } from "../core/selection.ts";
import type { Vault } from "../core/vault.ts";
import type { Damage } from "../files/atomic-json.ts";
import { openVault } from "../files/backup/vault.ts";
import { openHistory } from "../files/history.ts";
import { openKnown } from "../files/known.ts";
import { rememberRemoteImages } from "../files/remote-images.ts";
import { readContainers } from "../inventory/read-containers.ts";
import { createInventory } from "../inventory/store.ts";
import { slugOf } from "../lib/text.ts";
import { openOperations } from "../node-operations.ts";
import type { BackupWork, Ended, OnProgress } from "./backup-work.ts";
import { surroundingsOf } from "./surroundings.ts";
import type { Invocation, Terminal } from "./terminal.ts";

interface Premises {
  readonly config: Config;
  /** On the data directory; given back at the end. */
  readonly lock: Disposable;
  readonly onProgress: OnProgress;
}

/** An engine as this process works on it. */
interface OwnNode {
  readonly node: string;
  readonly inventory: Inventory;
  readonly vault: Vault;
  readonly carryOut: (command: Command) => Promise<OperationResult>;
}

/**
 * Does it here, as a running Gangway would: by the same operations, with the same notes and the same history. What an
 * earlier one has left unfinished is put right first.
 */
export async function openOwnWork(
  terminal: Terminal,
  invocation: Invocation,
  premises: Premises,
  signal: AbortSignal,
): Promise<BackupWork> {
  await using stack = new AsyncDisposableStack();
  stack.use(premises.lock);
  const nodes: OwnNode[] = [];
  const open = await opener(terminal, invocation, premises, stack, signal);
  for (const engine of premises.config.engines) nodes.push(await open(engine));
  const opened = stack.move();
  return {
    backUp: async (container) => {
      const [node, another] = nodes.filter(({ inventory }) => inventory.get(container) !== undefined);
      if (node === undefined) return bad(`There is no container named ${container}.`);
      if (another !== undefined)
        return bad(`Several engines have a container named ${container}: ask by HTTP or MQTT.`);
      return endedFrom(await node.carryOut({ kind: "backup", container }));
    },
    backUpAll: async () => {
      const ended: Ended[] = [];
      for (const node of nodes) {
        const all = await node.carryOut({ kind: "backup_all" });
        const results = all.results?.map(({ state, message }) => ({ isGood: isSuccess(state), message }));
        ended.push(...(results ?? [endedFrom(all)]));
      }
      return ended;
    },
    restore: async (file, name, options) => {
      const having: OwnNode[] = [];
      for (const node of nodes) if ((await node.vault.list()).some((backup) => backup.file === file)) having.push(node);
      const [node, another] = having;
      const container = name ?? backupNameFrom(file)?.container;
      if (node === undefined || container === undefined) return bad(`There is no backup ${file}.`);
      if (another !== undefined) return bad(`Several engines have a backup ${file}: ask by HTTP or MQTT.`);
      return endedFrom(await node.carryOut({ kind: "restore", container, file, ...options }));
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

function bad(message: string): Ended {
  return { isGood: false, message };
}

function endedFrom({ state, message }: OperationResult): Ended {
  return { isGood: isSuccess(state), message };
}

/** What opens one engine after the other; all that they share closes with `stack`. */
async function opener(
  terminal: Terminal,
  { logLevel }: Invocation,
  { config, onProgress }: Premises,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<(engine: EngineConfig) => Promise<OwnNode>> {
  const surroundings = surroundingsOf(terminal, logLevel === undefined ? "error" : config.log.level);
  const { clock, log, ownContainerId, version } = surroundings;
  const files = {
    onDamage: (damage: Damage): void => log.error(damage, "a damaged file was set aside"),
    onFailure: (error: unknown): void => log.error({ err: error }, "a file could not be written"),
  };
  const known = stack.use(await openKnown(join(config.dataDir, "known.json"), files));
  const history = stack.use(await openHistory(join(config.dataDir, "history.json"), files));
  const journal = await openJournalOf(config, surroundings);
  const backupJournal = await openBackupJournalOf(config, surroundings);
  const restoreJournal = await openRestoreJournalOf(config, surroundings);

  return async (engineConfig) => {
    const { host } = engineConfig;
    const engine = openEngineOf(engineConfig, surroundings);
    const identity = await engine.identify(signal);
    const node = engineConfig.node ?? (known.engine(host).node() || slugOf(identity.hostName) || "docker");
    known.engine(host).setNode(node);
    const registry = stack.use(openRegistryOf(config, surroundings, () => identity.insecureRegistries));
    const inventory = createInventory(() => ({}));
    for (const container of await readContainers(engine, signal)) {
      if (isSelected(container.name, container.labels, config.containers)) inventory.putContainer(container);
    }
    inventory.setEngine(identity);
    inventory.subscribe((change) => {
      const progress = change.kind === "changed" ? change.after.progress : undefined;
      if (change.kind === "changed" && progress !== undefined) onProgress(change.name, progress);
    });
    const vault = openVault(backupDirectoryOf(config, node));
    const onResult = (result: OperationResult, joined = false): void => {
      if (!joined) history.add({ ...result, node });
    };
    const { runner, stop } = openOperations(
      {
        ...{
          config,
          engine,
          engineHost: host,
          registry,
          remoteImages: rememberRemoteImages(),
          inventory,
          vault,
          node,
        },
        ...{ journal, backupJournal, restoreJournal, ownContainerId, version, clock, log, atWork: new Set<string>() },
        newOperation: () => randomBytes(4).toString("hex"),
        switches: { set: () => Promise.resolve() },
        look: () => Promise.resolve(),
        rediscover: () => {},
        onPruned: () => {},
      },
      onResult,
    );
    // Whoever does not want to wait any more: what runs is ended at a safe point.
    const end = (): void => void stop();
    signal.addEventListener("abort", end);
    stack.defer(async () => {
      signal.removeEventListener("abort", end);
      await stop();
    });
    return { node, inventory, vault, carryOut: async (command) => await runner.submit(command, "cli").done };
  };
}
