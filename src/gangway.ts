import { join } from "node:path";
import type { Config } from "./config/config.ts";
import {
  type BrokerAddress,
  brokerAddressFrom,
  embeddedUrl,
  openBackupJournalOf,
  openEngineOf,
  openJournalOf,
  openRestoreJournalOf,
  type Surroundings,
} from "./connections.ts";
import type { NodeNews } from "./core/doors.ts";
import type { RegistryLimits } from "./core/registry-limit.ts";
import { openDoors } from "./doors.ts";
import type { Damage } from "./files/atomic-json.ts";
import { takeDataDirectory } from "./files/data-directory.ts";
import { openHistory } from "./files/history.ts";
import { openKnown } from "./files/known.ts";
import { openLimits } from "./files/limits.ts";
import { openRemoteImages } from "./files/remote-images.ts";
import { openSettings } from "./files/settings.ts";
import { GangwayError } from "./lib/errors.ts";
import { createListeners } from "./lib/listeners.ts";
import { type Node, openNode } from "./node.ts";
import { createRegistryLimits } from "./registry/known-limits.ts";

/**
 * The whole program: everything is made here and in `node.ts`, and handed on as parameters. Runs until `signal` aborts
 * and all that was begun is finished or at a safe point. Rejects where it cannot start.
 */
export async function runGangway(config: Config, surroundings: Surroundings, signal: AbortSignal): Promise<void> {
  const { log } = surroundings;
  await using stack = new AsyncDisposableStack();
  stack.use(await takeData(config.dataDir, signal));
  const files = {
    onDamage: (damage: Damage): void => log.error(damage, "a damaged file was set aside"),
    onFailure: (error: unknown): void => log.error({ err: error }, "a file could not be written"),
    onTakeOver: (path: string): void => log.info({ path }, "the settings of Docker Monitor Image were taken over"),
  };
  const inData = (name: string): string => join(config.dataDir, name);
  const settingsPath = config.settingsPath ?? inData("settings.json");
  const settingsFile = await openSettings(settingsPath, files);
  const known = stack.use(await openKnown(inData("known.json"), files));
  const remoteImages = stack.use(await openRemoteImages(inData("images.json"), files));
  const history = stack.use(await openHistory(inData("history.json"), files));
  const journal = await openJournalOf(config, surroundings);
  const backupJournal = await openBackupJournalOf(config, surroundings);
  const restoreJournal = await openRestoreJournalOf(config, surroundings);
  const limits = await registryLimits(inData("limits.json"), surroundings, files, stack);

  const nodes: Node[] = [];
  const news = createListeners<readonly [node: string, news: NodeNews]>();
  // Before anything else, for it says how the start goes; and it answers until everything else has ended.
  await openDoors({ config, surroundings, settingsPath, access: settingsFile.access, history, nodes, news }, stack);
  const broker = await brokerFor(config, surroundings, stack);
  log.info({ version: surroundings.version }, "gangway has started");
  for (const engineConfig of config.engines) {
    const engine = openEngineOf(engineConfig, surroundings);
    const { host } = engineConfig;
    const files = {
      known: known.engine(host),
      remoteImages: remoteImages.engine(host),
      history,
      ...{ journal, backupJournal, restoreJournal },
      settingsFile,
      limits,
    };
    const onNews = (node: string, told: NodeNews): void => news.tell([node, told]);
    nodes.push(openNode({ config, surroundings, engine, broker, onNews, ...files }, engineConfig, signal));
  }
  await Promise.all(nodes.map(({ ended }) => ended));
  log.info({}, "gangway has ended");
}

/** One memory for all nodes: registries count by the address of the machine. */
async function registryLimits(
  path: string,
  { clock }: Pick<Surroundings, "clock">,
  files: Parameters<typeof openLimits>[2],
  stack: AsyncDisposableStack,
): Promise<RegistryLimits> {
  const file = stack.use(await openLimits(path, clock.now(), files));
  const limits = createRegistryLimits(file.limits);
  limits.subscribe(() => file.save(limits.all()));
  return limits;
}

/** A Gangway that was just told to end may still be about it. */
const takeOverMs = 3_000;

async function takeData(path: string, signal: AbortSignal): Promise<Disposable> {
  const lock = await takeDataDirectory(path, takeOverMs, signal);
  if (lock !== undefined) return lock;
  const message =
    `Another Gangway works on the data directory ${path}: end it, wait until "gangway backup" or "gangway restore" has ` +
    "ended, or set another data_dir. Where there is none, its file system keeps no locks";
  throw new GangwayError("file_failed", message);
}

/** The broker that the configuration names, or the embedded one, which is started. */
async function brokerFor(
  config: Config,
  { log, readFile }: Surroundings,
  stack: AsyncDisposableStack,
): Promise<BrokerAddress> {
  const address = brokerAddressFrom(config, readFile);
  if (config.mqtt.url !== undefined) return address;
  // Loaded only where it is used: a broker of its own costs memory.
  const { openEmbeddedBroker } = await import("./mqtt/embedded-broker.ts");
  const { listen, ...credentials } = config.mqtt.embedded;
  const broker = stack.use(await openEmbeddedBroker({ ...listen, ...credentials }, log));
  return { ...address, url: embeddedUrl(listen.host, broker.port) };
}
