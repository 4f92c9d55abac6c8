import type { NetworkDefinition } from "./backup.ts";
import type { NetworkInspect, NetworkRequest } from "./storage.ts";

/** Those that the engine, or a swarm, makes itself. */
export const predefinedNetworks: readonly string[] = ["bridge", "host", "none", "ingress", "docker_gwbridge", "podman"];

/** What the file of a network's definition holds. */
export interface NetworkBackup {
  readonly format: "gangway-network";
  readonly schema: 1;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly node: string;
  readonly network: NetworkDefinition;
}

/** A file with a network's definition. */
export interface NetworkFile {
  readonly file: string;
  readonly network: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly bytes: number;
}

/** The networks of an engine, and the files with the definitions of some, as doors see them: types only. */
export interface NetworkShelf {
  /** In the order of their names. Rejects as calls to the engine do. */
  readonly all: (signal: AbortSignal) => Promise<readonly NetworkInspect[]>;
  /** By name or id. Rejects with `engine_not_found`, and as calls to the engine do. */
  readonly backUp: (
    network: string,
    signal: AbortSignal,
  ) => Promise<{ readonly kind: "saved"; readonly file: NetworkFile } | { readonly kind: "predefined" }>;
  /** The newest first. */
  readonly backups: () => Promise<readonly NetworkFile[]>;
  /** Rejects with `backup_not_found` or `backup_damaged`. */
  readonly read: (file: string) => Promise<NetworkBackup>;
  /** Rejects likewise, and as calls to the engine do. */
  readonly restore: (
    file: string,
    signal: AbortSignal,
  ) => Promise<{ readonly kind: "restored" | "exists" | "predefined"; readonly network: string }>;
  /** Takes in a file that was made elsewhere. Rejects with `backup_damaged`; nothing of it is kept then. */
  readonly receive: (file: string, text: string) => Promise<{ readonly kind: "received" | "exists" }>;
  /** Rejects with `backup_not_found`. */
  readonly removeBackup: (file: string) => Promise<void>;
}

const fileName = /^network_(?<network>[a-zA-Z0-9][a-zA-Z0-9_.-]*)_(?<day>\d{8})T(?<time>\d{6})Z\.json$/;

/** `network_<name>_<UTC time>.json`; undefined where `network` cannot be part of a file's name. `at`: ms since 1970. */
export function networkFileName(network: string, at: number): string | undefined {
  const time = `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const file = `network_${network}_${time}.json`;
  return networkFileFrom(file) === undefined ? undefined : file;
}

/** Undefined where it is not the name of such a file. */
export function networkFileFrom(file: string): Pick<NetworkFile, "network" | "createdAt"> | undefined {
  const { network, day = "", time = "" } = fileName.exec(file)?.groups ?? {};
  const createdAt = `${day.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`;
  return network === undefined || file.length > 250 || Number.isNaN(Date.parse(createdAt))
    ? undefined
    : { network, createdAt };
}

/** A network as the engine describes it, without what only this one has: its id, and who is in it. */
export function networkDefinitionOf(network: NetworkInspect): NetworkDefinition {
  return {
    ...{ name: network.Name, driver: network.Driver, scope: network.Scope },
    ...{ internal: network.Internal, attachable: network.Attachable, ipv6: network.EnableIPv6 },
    ipam: network.IPAM ?? {},
    options: network.Options ?? {},
    labels: network.Labels ?? {},
  };
}

/** The body that makes the network again. */
export function networkRequestFor(definition: NetworkDefinition): NetworkRequest {
  const { name, driver, internal, attachable, ipv6, ipam, options, labels } = definition;
  const flags = { Internal: internal, Attachable: attachable, EnableIPv6: ipv6 };
  return { Name: name, Driver: driver, ...flags, IPAM: ipam, Options: options, Labels: labels };
}
