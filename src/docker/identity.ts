import type Docker from "dockerode";
import type { EngineIdentity } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { asking } from "./address.ts";
import { info as infoAnswer, version as versionAnswer } from "./schema.ts";

/** One-shot stats came with 1.41; nothing older is spoken. */
const oldestApi = "1.41";
/** From 1.52 on inspect no longer tells a MAC address that was asked for, and events lost members. */
const newestApi = "1.51";

/**
 * Who the engine is, and which API version to speak: the newest that both know, always sent. `unversioned` is a client
 * without a version of its own, for an engine may have been replaced by an older one.
 */
export async function identify(unversioned: Docker, signal: AbortSignal): Promise<EngineIdentity> {
  const options = { abortSignal: signal };
  const [versionBody, infoBody]: readonly unknown[] = await Promise.all([
    asking(unversioned).version(options),
    asking(unversioned).info(options),
  ]);
  const version = versionAnswer.parse(versionBody);
  const info = infoAnswer.parse(infoBody);
  const apiVersion = negotiate(version.ApiVersion, version.MinAPIVersion);
  if (apiVersion === undefined) {
    throw new GangwayError(
      "engine_refused",
      `The engine (${version.Version}) speaks API ${version.MinAPIVersion ?? "?"} to ${version.ApiVersion}; ` +
        `Gangway speaks ${oldestApi} to ${newestApi}`,
    );
  }
  return {
    hostName: info.Name,
    version: version.Version,
    apiVersion,
    containerdStore: (info.DriverStatus ?? []).some(
      ([name, value]) => name === "driver-type" && value === "io.containerd.snapshotter.v1",
    ),
    insecureRegistries: [
      ...(info.RegistryConfig?.InsecureRegistryCIDRs ?? []),
      ...Object.entries(info.RegistryConfig?.IndexConfigs ?? {}).flatMap(([host, { Secure }]) =>
        Secure ? [] : [host],
      ),
    ],
  };
}

/** The highest API version that both sides speak; undefined where there is none. */
export function negotiate(engineNewest: string, engineOldest: string | undefined): string | undefined {
  const chosen = compareApi(engineNewest, newestApi) < 0 ? engineNewest : newestApi;
  const floor = engineOldest !== undefined && compareApi(engineOldest, oldestApi) > 0 ? engineOldest : oldestApi;
  return compareApi(chosen, floor) < 0 ? undefined : chosen;
}

function compareApi(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split(".").map(Number);
  const [bMajor = 0, bMinor = 0] = b.split(".").map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
