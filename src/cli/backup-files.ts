import { join } from "node:path";
import type { Config, EngineConfig } from "../config/config.ts";
import { backupDirectoryOf } from "../connections.ts";
import type { Vault } from "../core/vault.ts";
import { openVault } from "../files/backup/vault.ts";
import { peekNodes } from "../files/known.ts";
import { GangwayError } from "../lib/errors.ts";

/** Where the backups of an engine's containers are. */
export interface BackupPlace {
  readonly engine: EngineConfig;
  /** Undefined where that is not known yet. */
  readonly node: string | undefined;
  readonly vault: Vault;
}

/** The backup directories of this configuration, only to be read. Rejects with `config_invalid` where one cannot be told. */
export async function backupPlaces(config: Config): Promise<readonly BackupPlace[]> {
  const known = await peekNodes(join(config.dataDir, "known.json"));
  return config.engines.map((engine) => {
    const node = engine.node ?? known(engine.host);
    if (node === undefined && config.engines.length > 1) {
      throw new GangwayError("config_invalid", `It is not known which node ${engine.host} is; set its node`);
    }
    return { engine, node, vault: openVault(backupDirectoryOf(config, node ?? "")) };
  });
}
