import { join } from "node:path";
import type { Config, EngineConfig } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import type { Proxies } from "./config/proxy-environment.ts";
import type { BackupJournal } from "./core/backup-journal.ts";
import type { Disk } from "./core/disk.ts";
import type { ProcessUsage } from "./core/doors.ts";
import type { ContainerInspect } from "./core/inspect.ts";
import type { Engine, Journal, Registry } from "./core/ports.ts";
import type { RegistryLimits } from "./core/registry-limit.ts";
import type { RestoreJournal } from "./core/restore-journal.ts";
import type { EngineStorage } from "./core/storage.ts";
import { endpointFrom, isWayToEngine } from "./core/way-to-engine.ts";
import { openEngine } from "./docker/engine.ts";
import { addressesOf } from "./docker/resolve.ts";
import { openJournal } from "./files/journal-store.ts";
import type { Log, Secrets } from "./lib/log.ts";
import type { Clock } from "./lib/time.ts";
import type { BrokerOptions } from "./mqtt/connection.ts";
import { BackupEntry, backupJournalVersion } from "./operations/backup-entry.ts";
import { JournalEntry, journalVersion } from "./operations/journal-entry.ts";
import { RestoreEntry, restoreJournalVersion } from "./operations/restore-entry.ts";
import { certificatesIn } from "./registry/certificates.ts";
import { openRegistry } from "./registry/client.ts";
import { createCredentialHelpers } from "./registry/credential-helper.ts";
import { configuredCredentials, firstCredentials } from "./registry/credentials.ts";
import { environmentCredentials } from "./registry/docker-auths.ts";
import { dockerConfigCredentials } from "./registry/docker-config.ts";
import { insecureHosts } from "./registry/insecure.ts";
import { createRegistryLimits } from "./registry/known-limits.ts";

/*
 * What the configuration means by its engines, registries and broker: the same for all commands.
 */

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
  /** `DOCKER_AUTH_CONFIG`, where it is set. */
  readonly dockerAuthConfig: string | undefined;
  /** What Docker's credential helpers are run in. */
  readonly environment: Environment;
  /** On the way to registries. */
  readonly proxies: Proxies;
  /** What the process uses now. */
  readonly usage: () => ProcessUsage;
}

/** The engine that the configuration means. */
export function openEngineOf(
  { host, caFile, certFile, keyFile }: EngineConfig,
  { readFile }: Pick<Surroundings, "readFile">,
): Engine & Disk & EngineStorage {
  return openEngine({
    host,
    ...(caFile === undefined ? {} : { ca: readFile(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFile(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFile(keyFile) }),
  });
}

/** The notes of unfinished operations, in the data directory. Rejects with `file_failed`. */
export function openJournalOf({ dataDir }: Config, { log }: Pick<Surroundings, "log">): Promise<Journal> {
  return openJournal(
    { onDamage: (damage) => log.error(damage, "a damaged file was set aside") },
    { directory: join(dataDir, "journal"), schema: JournalEntry, version: journalVersion },
  );
}

/** The notes of unfinished backups, beside them. Rejects with `file_failed`. */
export function openBackupJournalOf({ dataDir }: Config, { log }: Pick<Surroundings, "log">): Promise<BackupJournal> {
  return openJournal(
    { onDamage: (damage) => log.error(damage, "a damaged file was set aside") },
    { directory: join(dataDir, "journal", "backups"), schema: BackupEntry, version: backupJournalVersion },
  );
}

/** The notes of unfinished restores, likewise. Rejects with `file_failed`. */
export function openRestoreJournalOf({ dataDir }: Config, { log }: Pick<Surroundings, "log">): Promise<RestoreJournal> {
  return openJournal(
    { onDamage: (damage) => log.error(damage, "a damaged file was set aside") },
    { directory: join(dataDir, "journal", "restores"), schema: RestoreEntry, version: restoreJournalVersion },
  );
}

/** Where the backups of a node's containers are: the same names may be on another node. */
export function backupDirectoryOf({ dataDir, backup, engines }: Config, node: string): string {
  const directory = backup.dir ?? join(dataDir, "backups");
  return engines.length === 1 ? directory : join(directory, node);
}

/** Which containers Gangway reaches the engine at `host` through; its name is resolved anew each time. */
export function wayToEngineOf(host: string): () => Promise<(inspect: ContainerInspect) => boolean> {
  const endpoint = endpointFrom(host);
  if (endpoint === undefined) return () => Promise.resolve(() => false);
  return async () => {
    const addresses = await addressesOf(endpoint.host);
    return (inspect) => isWayToEngine({ ...endpoint, addresses }, inspect);
  };
}

/** Where the engine keeps what it trusts in registries: https://docs.docker.com/engine/security/certificates/ */
const engineCertificates = "/etc/docker/certs.d";

/**
 * The registries, with the credentials of the configuration, then of `DOCKER_AUTH_CONFIG`, then of `docker login`.
 * `insecure` tells which ones the engine talks to without verified TLS: Gangway trusts them as the engine does. `limits`
 * is what they have told of their limits; nothing, if absent.
 */
export function openRegistryOf(
  config: Config,
  surroundings: Surroundings,
  insecure: () => readonly string[],
  limits: RegistryLimits = createRegistryLimits(),
): Registry & AsyncDisposable {
  const { readFile, dockerConfigPath, dockerAuthConfig, proxies } = surroundings;
  const askHelper = createCredentialHelpers(surroundings);
  const credentials = firstCredentials([
    configuredCredentials(surroundings, config.registries),
    ...(dockerAuthConfig === undefined ? [] : [environmentCredentials(surroundings, dockerAuthConfig)]),
    dockerConfigCredentials({ ...surroundings, askHelper }, dockerConfigPath),
  ]);
  const registries = config.registries.map(({ host, insecure: isInsecure, caFile, mirrorOf }) => ({
    host,
    insecure: isInsecure,
    ...(caFile === undefined ? {} : { ca: readFile(caFile) }),
    ...(mirrorOf === undefined ? {} : { mirrorOf }),
  }));
  return openRegistry(
    { ...surroundings, credentials, limits, certificates: certificatesIn(engineCertificates) },
    {
      registries,
      isInsecure: (registry) => insecureHosts(insecure())(registry),
      concurrency: config.check.concurrency,
      proxies,
    },
  );
}

/** How to reach a broker; every node has a connection, and a last will, of its own. */
export type BrokerAddress = Omit<BrokerOptions, "clientId" | "farewell">;

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

/** The embedded broker as this machine reaches it. */
export function embeddedUrl(listenHost: string, port: number): string {
  const host = listenHost === "0.0.0.0" ? "127.0.0.1" : listenHost === "::" ? "::1" : listenHost;
  return `mqtt://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
