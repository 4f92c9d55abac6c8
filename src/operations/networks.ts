import { isoSeconds } from "../core/container.ts";
import type { Disk } from "../core/disk.ts";
import {
  type NetworkBackup,
  type NetworkFile,
  type NetworkShelf,
  networkDefinitionOf,
  networkFileName,
  networkRequestFor,
  predefinedNetworks,
} from "../core/network-file.ts";
import type { EngineStorage } from "../core/storage.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { compareNaturally } from "../lib/text.ts";
import type { Clock } from "../lib/time.ts";

export interface NetworkDependencies {
  readonly engine: Pick<EngineStorage, "inspectNetwork" | "createNetwork"> & Pick<Disk, "networks">;
  readonly networkFiles: {
    readonly list: () => Promise<readonly NetworkFile[]>;
    readonly read: (file: string) => Promise<NetworkBackup>;
    readonly write: (file: string, backup: NetworkBackup) => Promise<NetworkFile | undefined>;
    readonly parse: (file: string, text: string) => NetworkBackup;
    readonly remove: (file: string) => Promise<void>;
  };
  readonly node: string;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

/** Networks by themselves: a backup of a container has its networks anyway. */
export function createNetworkShelf({ engine, networkFiles, node, clock, log }: NetworkDependencies): NetworkShelf {
  return {
    all: async (signal) => {
      const all = await engine.networks(signal);
      const found = await Promise.all(
        all.map(async ({ id }) => {
          try {
            return [await engine.inspectNetwork(id, signal)];
          } catch (error) {
            // It was removed meanwhile.
            if (isErrorWithCode(error, "engine_not_found")) return [];
            throw error;
          }
        }),
      );
      return found.flat().sort((a, b) => compareNaturally(a.Name, b.Name));
    },
    backUp: async (wanted, signal) => {
      // What is wanted can be anything: only what the engine itself says becomes part of a path.
      const all = await engine.networks(signal);
      const found = all.find(({ name }) => name === wanted) ?? all.find(({ id }) => isIdOf(id, wanted));
      if (found === undefined) {
        throw new GangwayError("engine_not_found", `There is no network ${JSON.stringify(wanted)}`);
      }
      const network = networkDefinitionOf(await engine.inspectNetwork(found.id, signal));
      if (predefinedNetworks.includes(network.name)) return { kind: "predefined" };
      // Two can begin in the same second.
      for (let at = clock.now(); ; at += 1_000) {
        const createdAt = isoSeconds(at);
        const name = networkFileName(network.name, Date.parse(createdAt));
        if (name === undefined) {
          throw new GangwayError("backup_failed", `${JSON.stringify(network.name)} cannot be part of a file's name`);
        }
        const file = await networkFiles.write(name, { format: "gangway-network", schema: 1, createdAt, node, network });
        if (file === undefined) continue;
        log.info({ network: network.name, file: file.file }, "a network's definition was backed up");
        return { kind: "saved", file };
      }
    },
    backups: networkFiles.list,
    read: networkFiles.read,
    restore: async (file, signal) => {
      const { network } = await networkFiles.read(file);
      const { name } = network;
      if (predefinedNetworks.includes(name)) return { kind: "predefined", network: name };
      const isThere = (await engine.networks(signal)).some((one) => one.name === name);
      if (isThere) return { kind: "exists", network: name };
      try {
        await engine.createNetwork(networkRequestFor(network), signal);
      } catch (error) {
        if (isErrorWithCode(error, "engine_conflict")) return { kind: "exists", network: name };
        throw error;
      }
      log.info({ network: name, file }, "a network was restored");
      return { kind: "restored", network: name };
    },
    receive: async (file, text) => {
      const backup = networkFiles.parse(file, text);
      if ((await networkFiles.write(file, backup)) === undefined) return { kind: "exists" };
      log.info({ network: backup.network.name, file }, "a network's definition was uploaded");
      return { kind: "received" };
    },
    removeBackup: async (file) => {
      await networkFiles.remove(file);
      log.info({ file }, "a network's definition was deleted");
    },
  };
}

const shortId = 12;

function isIdOf(id: string, wanted: string): boolean {
  return wanted.length >= shortId && id.startsWith(wanted);
}
