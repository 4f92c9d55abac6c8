import type { ImageReference } from "../core/image-reference.ts";
import type { Registry } from "../core/ports.ts";
import type { RegistryLimits } from "../core/registry-limit.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Log, Secrets } from "../lib/log.ts";
import { type Clock, deadline } from "../lib/time.ts";
import { createAccess } from "./access.ts";
import type { Means, Subject } from "./answer.ts";
import { createAsk } from "./ask.ts";
import type { CertificatesOf } from "./certificates.ts";
import { configWith, manifestWith } from "./content.ts";
import type { CredentialsLocator } from "./credentials.ts";
import { digestAt } from "./digest.ts";
import { type Answer, openExchange, type Timing } from "./exchange.ts";
import { abortFault, limitFault } from "./faults.ts";
import { type CoolDowns, createCoolDowns, createTurns } from "./limits.ts";
import { createMirrors } from "./mirrors.ts";
import { createPace } from "./pace.ts";
import { type Place, placeOf, type RegistrySettings, registryName, withCertificates } from "./place.ts";
import type { ProxySettings } from "./proxy.ts";
import { createRejections } from "./rejections.ts";
import { retryAfterMsFrom } from "./retry-after.ts";
import { tagsAt } from "./tag-list.ts";
import { createTokens } from "./token.ts";

export interface RegistryDependencies {
  readonly credentials: CredentialsLocator;
  readonly log: Pick<Log, "warn">;
  readonly secrets: Pick<Secrets, "register" | "forget">;
  readonly clock: Clock;
  readonly limits: RegistryLimits;
  readonly certificates: CertificatesOf;
}

export interface RegistryOptions {
  readonly registries: readonly RegistrySettings[];
  /** Does the engine talk to this registry without verified TLS? Asked anew for every question. */
  readonly isInsecure: (registry: string) => boolean;
  /** Questions under way at once, over all registries. */
  readonly concurrency: number;
  readonly proxies: ProxySettings;
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
  const { credentials, certificates, log, secrets, clock } = deps;
  const closing = new AbortController();
  const exchange = openExchange({ ...usualTiming, ...options.timing }, options.proxies);
  const { send } = exchange;
  const coolDowns = createCoolDowns(deps);
  const rejections = createRejections({ log, clock });
  const limited = (place: Place, host: string, answer: Answer): GangwayError =>
    limitFault(host, coolDowns.begin(place.registry, wishOf(answer, clock)));
  const tokens = createTokens({ send, secrets, clock, limited });
  const access = createAccess({ tokens, onWithheld: rejections.withheld });
  const ask = createAsk({ send, access, onAnswer: coolDowns.note });
  const inTurn = createTurns(options.concurrency, perRegistry, createPace(deps));
  const askMirrorsFirst = createMirrors(deps, options.registries);
  const means = { ask, rejections, limited };
  /** One question, however many requests it takes: when it is its turn, within its time, and unless the registry rests. */
  const questionAt = async <Found>(
    find: Find<Found>,
    reference: ImageReference,
    signal: AbortSignal,
  ): Promise<Found> => {
    const either = AbortSignal.any([signal, closing.signal]);
    const registry = registryName(reference.registry);
    const inTime = async (): Promise<Found> => {
      const plain = placeOf(reference, options);
      // As for the engine they count for nothing where any certificate is taken.
      const place = plain.trust.verified ? withCertificates(plain, await certificates(registry)) : plain;
      const limit = deadline(options.timing?.questionMs ?? usualTiming.questionMs, either);
      requireWarm(coolDowns, place);
      return find(means, { place, reference, known: await credentials(place.registry) }, limit);
    };
    try {
      const found = await inTurn(registry, inTime, either);
      coolDowns.forget(registry);
      return found;
    } catch (error) {
      throw error instanceof GangwayError || !either.aborted ? error : abortFault(either, registry);
    }
  };
  const question = <Found>(find: Find<Found>, reference: ImageReference, signal: AbortSignal): Promise<Found> =>
    askMirrorsFirst(reference, (asked) => questionAt(find, asked, signal));
  return {
    digestOf: (reference, signal) => question(digestAt, reference, signal),
    tagsOf: (reference, signal) => question(tagsAt, reference, signal),
    manifestAt: (reference, digest, signal) => question(manifestWith(digest), reference, signal),
    configAt: (reference, digest, signal) => question(configWith(digest), reference, signal),
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

type Find<Found> = (means: Means, subject: Subject, signal: AbortSignal) => Promise<Found>;

function wishOf(answer: Answer, clock: Pick<Clock, "now">): number | undefined {
  return retryAfterMsFrom(answer.header("retry-after"), answer.body.toString("utf8"), clock.now());
}

function requireWarm(coolDowns: CoolDowns, { registry }: Place): void {
  const ms = coolDowns.remainingMs(registry);
  if (ms > 0) throw limitFault(registry, ms);
}
