import type { ImageReference } from "../core/image-reference.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { type RegistrySettings, registryName } from "./place.ts";

/** Asks about a reference: its registry's mirrors, one after the other, and then the registry itself. */
export type AskMirrorsFirst = <Found>(
  reference: ImageReference,
  ask: (reference: ImageReference) => Promise<Found>,
) => Promise<Found>;

/** So long a mirror that did not answer is passed over: not every question shall wait for it. */
const restMs = 60_000;

/**
 * The mirrors of `registries`, in their order. One that does not have what is asked for, or cannot tell, leaves it to the
 * next; the log says so once, until it has answered again.
 */
export function createMirrors(
  { log, clock }: { readonly log: Pick<Log, "warn">; readonly clock: Pick<Clock, "elapsed"> },
  registries: readonly RegistrySettings[],
): AskMirrorsFirst {
  const silentSince = new Map<string, number>();
  const failing = new Set<string>();

  const note = (registry: string, mirror: string, { code, message: reason }: GangwayError): void => {
    if (code === "registry_not_found") {
      failing.delete(mirror);
      return;
    }
    if (code === "registry_unreachable" || code === "timeout") silentSince.set(mirror, clock.elapsed());
    // That it wants to be left alone has been said already.
    if (code === "registry_limited" || failing.has(mirror)) return;
    failing.add(mirror);
    log.warn({ registry, mirror, reason }, "a mirror cannot tell; its registry is asked instead");
  };
  const isResting = (mirror: string): boolean => {
    const since = silentSince.get(mirror);
    return since !== undefined && clock.elapsed() - since < restMs;
  };
  return async (reference, ask) => {
    const registry = registryName(reference.registry);
    for (const { host, mirrorOf } of registries) {
      const mirror = registryName(host);
      if (mirrorOf === undefined || registryName(mirrorOf) !== registry || isResting(mirror)) continue;
      try {
        const found = await ask({ ...reference, registry: mirror });
        failing.delete(mirror);
        return found;
      } catch (error) {
        if (!(error instanceof GangwayError) || error.code === "aborted") throw error;
        note(registry, mirror, error);
      }
    }
    return await ask(reference);
  };
}
