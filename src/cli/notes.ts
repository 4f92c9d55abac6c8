import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Surroundings } from "../connections.ts";
import type { RemoteImages } from "../core/ports.ts";
import type { RegistryLimits } from "../core/registry-limit.ts";
import type { CheckRecord } from "../core/update-status.ts";
import type { Damage } from "../files/atomic-json.ts";
import { peekChecks } from "../files/known.ts";
import { peekLimits } from "../files/limits.ts";
import { peekRemoteImages, rememberRemoteImages } from "../files/remote-images.ts";
import { createRegistryLimits } from "../registry/known-limits.ts";

/**
 * What the bridge that runs with the same configuration knows, so that a command beside it asks no registry that wants
 * to be left alone, reads nothing twice, and says the same. The files are the bridge's own: they are only looked at.
 */
export interface Notes {
  readonly limits: RegistryLimits;
  /** By the engine's address in the configuration. */
  readonly remoteImages: (address: string) => RemoteImages;
  readonly check: (address: string, container: string) => CheckRecord | undefined;
}

/** What cannot be read counts as not known. */
export async function readNotes(
  { dataDir }: Pick<Config, "dataDir">,
  { clock, log }: Pick<Surroundings, "clock" | "log">,
): Promise<Notes> {
  const deps = { onDamage: (damage: Damage): void => log.warn(damage, "a file of the bridge is passed over") };
  const passedOver = (err: unknown): undefined => {
    log.warn({ err }, "a file of the bridge is passed over");
    return undefined;
  };
  const limits = await peekLimits(join(dataDir, "limits.json"), clock.now(), deps).catch(passedOver);
  const images = await peekRemoteImages(join(dataDir, "images.json"), deps).catch(passedOver);
  const checks = await peekChecks(join(dataDir, "known.json"), deps).catch(passedOver);
  return {
    limits: createRegistryLimits(limits),
    remoteImages: images ?? rememberRemoteImages,
    check: checks ?? (() => undefined),
  };
}
