import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config, EngineConfig } from "./config/config.ts";
import type { Engine, Registry } from "./core/ports.ts";
import { openEngine } from "./docker/engine.ts";
import type { Damage } from "./files/atomic-json.ts";
import { openHistory } from "./files/history.ts";
import { openJournal } from "./files/journal-store.ts";
import { openKnown } from "./files/known.ts";
import { openHttp } from "./http/server.ts";
import { GangwayError } from "./lib/errors.ts";
import type { Log, Secrets } from "./lib/log.ts";
import type { Clock } from "./lib/time.ts";
import { type BrokerAddress, type Node, openNode } from "./node.ts";
import { JournalEntry } from "./operations/journal-entry.ts";
import { openRegistry } from "./registry/placeholder.ts";

/** What the program needs of the world besides its configuration. */
export interface Surroundings {
  readonly log: Log;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Gangway's own release. */
  readonly version: string;
  /** The text of a file that the configuration names. */
  readonly readFile: (path: string) => string;
  /** The id of the container that this process runs in, if it does. */
  readonly ownContainerId: string | undefined;
  /** Docker's `config.json`, with the credentials of `docker login`. */
  readonly dockerConfigPath: string;
}

/**
 * The whole program: everything is made here and in `node.ts`, and handed on as parameters. Runs until `signal` aborts
 * and all that was begun is finished or at a safe point. Rejects where it cannot start.
 */
export async function runGangway(config: Config, surroundings: Surroundings, signal: AbortSignal): Promise<void> {
  const { log, clock, version, ownContainerId } = surroundings;
  await using stack = new AsyncDisposableStack();
  await makeDataDirectory(config.dataDir);
  const files = {
    onDamage: (damage: Damage): void => log.error(damage, "a damaged file was set aside"),
    onFailure: (error: unknown): void => log.error({ err: error }, "a file could not be written"),
  };
  const inData = (name: string): string => join(config.dataDir, name);
  const known = stack.use(await openKnown(inData("known.json"), files));
  const history = stack.use(await openHistory(inData("history.json"), files));
  const journal = await openJournal(files, { directory: inData("journal"), schema: JournalEntry });

  const nodes: Node[] = [];
  const isReady = (): boolean => nodes.length > 0 && nodes.every((node) => node.isReady());
  // Not `signal`: the server answers until everything else has ended.
  stack.use(await openHttp({ log, isReady }, config.http.listen, new AbortController().signal));
  const broker = await brokerFor(config, surroundings, stack);
  log.info({ version }, "gangway has started");
  for (const engineConfig of config.engines) {
    const engine = openEngineOf(engineConfig, surroundings);
    const registry = stack.use(openRegistryOf(config, surroundings));
    const shared = { config, engine, registry, known: known.engine(engineConfig.host), history, journal, broker };
    nodes.push(openNode({ ...shared, version, ownContainerId, clock, log }, engineConfig, signal));
  }
  await Promise.all(nodes.map(({ ended }) => ended));
  log.info({}, "gangway has ended");
}

async function makeDataDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const message = `The data directory ${path} cannot be made; set data_dir to one that can`;
    throw new GangwayError("file_failed", message, { cause });
  }
}

/** The engine that the configuration means. */
export function openEngineOf(
  { host, caFile, certFile, keyFile }: EngineConfig,
  { readFile }: Pick<Surroundings, "readFile">,
): Engine {
  return openEngine({
    host,
    ...(caFile === undefined ? {} : { ca: readFile(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFile(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFile(keyFile) }),
  });
}

/** The registries, with the credentials of the configuration and of `docker login`. */
export function openRegistryOf(config: Config, surroundings: Surroundings): Registry & AsyncDisposable {
  return openRegistry({ config, surroundings });
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

/** Where this configuration's broker is: the one that it names, or the embedded one of a running Gangway. */
export function brokerAddressFrom(config: Config, readFile: (path: string) => string): BrokerAddress {
  const { url, username, password, caFile, certFile, keyFile, embedded } = config.mqtt;
  if (url === undefined) {
    const { listen, ...credentials } = embedded;
    return { url: embeddedUrl(listen.host, listen.port), ...credentials };
  }
  return {
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(caFile === undefined ? {} : { ca: readFile(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFile(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFile(keyFile) }),
  };
}

function embeddedUrl(listenHost: string, port: number): string {
  const host = listenHost === "0.0.0.0" ? "127.0.0.1" : listenHost === "::" ? "::1" : listenHost;
  return `mqtt://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
