import type { ImageReference } from "../core/image-reference.ts";
import type { Registry } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Log, Secrets } from "../lib/log.ts";
import { type Clock, deadline } from "../lib/time.ts";
import { createAccess } from "./access.ts";
import { createAsk } from "./ask.ts";
import type { CredentialsLocator } from "./credentials.ts";
import { digestAt } from "./digest.ts";
import { type Answer, openExchange, type Timing } from "./exchange.ts";
import { abortFault, limitFault } from "./faults.ts";
import { type CoolDowns, createCoolDowns, createTurns } from "./limits.ts";
import { type Place, placeOf, type RegistrySettings, registryName } from "./place.ts";
import { createRejections } from "./rejections.ts";
import { retryAfterMsFrom } from "./retry-after.ts";
import { createTokens } from "./token.ts";

export interface RegistryDependencies {
  readonly credentials: CredentialsLocator;
  readonly log: Pick<Log, "warn">;
  readonly secrets: Pick<Secrets, "register" | "forget">;
  readonly clock: Pick<Clock, "now">;
}

export interface RegistryOptions {
  readonly registries: readonly RegistrySettings[];
  /** Does the engine talk to this registry without verified TLS? Asked anew for every question. */
  readonly isInsecure: (registry: string) => boolean;
  /** Questions under way at once, over all registries. */
  readonly concurrency: number;
  readonly timing?: Partial<Timing>;
}

const usualTiming: Timing = {
  connectMs: 10_000,
  headersMs: 15_000,
  bodyMs: 15_000,
  questionMs: 60_000,
  retryMs: 500,
};
const perRegistry = 4;

/**
 * All registries that speak the distribution protocol
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md). Nothing is asked before the first call. After
 * its disposal every call rejects with `aborted`.
 */
export function openRegistry(deps: RegistryDependencies, options: RegistryOptions): Registry & AsyncDisposable {
  const { credentials, log, secrets, clock } = deps;
  const closing = new AbortController();
  const exchange = openExchange({ ...usualTiming, ...options.timing });
  const { send } = exchange;
  const coolDowns = createCoolDowns({ clock });
  const rejections = createRejections({ log, clock });
  const limited = (place: Place, host: string, answer: Answer): GangwayError =>
    limitFault(host, coolDowns.begin(place.registry, wishOf(answer, clock)));
  const tokens = createTokens({ send, secrets, clock, limited });
  const access = createAccess({ tokens, onWithheld: rejections.withheld });
  const ask = createAsk({ send, access });
  const inTurn = createTurns(options.concurrency, perRegistry);
  const digestOf = async (reference: ImageReference, signal: AbortSignal): Promise<string> => {
    const place = placeOf(reference, options);
    const limit = deadline(options.timing?.questionMs ?? usualTiming.questionMs, signal);
    requireWarm(coolDowns, place);
    const known = await credentials(place.registry);
    return digestAt({ ask, rejections, limited }, { place, reference, known }, limit);
  };
  return {
    digestOf: async (reference, signal) => {
      const either = AbortSignal.any([signal, closing.signal]);
      const registry = registryName(reference.registry);
      try {
        const digest = await inTurn(registry, () => digestOf(reference, either), either);
        coolDowns.forget(registry);
        return digest;
      } catch (error) {
        throw error instanceof GangwayError || !either.aborted ? error : abortFault(either, registry);
      }
    },
    credentialsFor: async (registry) => {
      const known = await credentials(registryName(registry));
      return known === undefined || rejections.has(registryName(registry), known) ? undefined : known;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await exchange.close();
    },
  };
}

function wishOf(answer: Answer, clock: Pick<Clock, "now">): number | undefined {
  return retryAfterMsFrom(answer.header("retry-after"), answer.body.toString("utf8"), clock.now());
}

function requireWarm(coolDowns: CoolDowns, { registry }: Place): void {
  const ms = coolDowns.remainingMs(registry);
  if (ms > 0) throw limitFault(registry, ms);
}
