import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Progress, RestoreOptions } from "../core/operation.ts";
import { refuseForeignRoot, takeDataDirectory } from "../files/data-directory.ts";
import { peekAccess } from "../files/settings.ts";
import { GangwayError } from "../lib/errors.ts";
import { askBridge } from "./bridge-work.ts";
import { ownAddress } from "./own-address.ts";
import { openOwnWork } from "./own-work.ts";
import type { Invocation, Terminal } from "./terminal.ts";

/** How a backup or a restore has ended. */
export interface Ended {
  readonly isGood: boolean;
  /** A sentence or two for a person. */
  readonly message: string;
}

/** What `gangway backup` and `gangway restore` have done, by whomever. */
export interface BackupWork extends AsyncDisposable {
  readonly backUp: (container: string) => Promise<Ended>;
  readonly backUpAll: () => Promise<readonly Ended[]>;
  /** `container`: what the new one is to be called; as the old one, if absent. */
  readonly restore: (file: string, container: string | undefined, options: RestoreOptions) => Promise<Ended>;
}

/** Told how far an operation on a container has come. */
export type OnProgress = (container: string, progress: Pick<Progress, "phase" | "percent" | "bytes">) => void;

/**
 * Whoever may do it: this process where no Gangway runs on the data directory, which it then keeps for itself, else that
 * Gangway by its HTTP API. Two at once would not know of each other's locks. Rejects with `file_failed` where it runs and
 * cannot be asked, and for root where the files would have to be another user's.
 */
export async function openBackupWork(
  terminal: Terminal,
  invocation: Invocation,
  config: Config,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<BackupWork> {
  await refuseForeignRoot(config.dataDir, terminal.user);
  const lock = await takeDataDirectory(config.dataDir, 0, signal);
  if (lock !== undefined) return await openOwnWork(terminal, invocation, { config, lock, onProgress }, signal);
  const saved = await peekAccess(config.settingsPath ?? join(config.dataDir, "settings.json"));
  if (!(saved.enabled ?? config.http.enabled)) {
    throw new GangwayError(
      "file_failed",
      `A Gangway runs on ${config.dataDir}, and its HTTP API, by which it could be asked, is off: set http.enabled, or ` +
        "ask it by MQTT, or end it first",
    );
  }
  const named = config.http.keys.find(({ scopes }) => scopes.includes("admin"));
  const key = saved.apiKey ?? config.http.apiKey ?? named?.key;
  if (key !== undefined) terminal.secrets.register(key);
  return askBridge({ address: ownAddress(config), key, onProgress }, signal);
}
