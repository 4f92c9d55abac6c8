/** What a registry has told of how often it may be asked. All times are milliseconds since 1970. */
export interface RegistryLimit {
  /** When it last told something. */
  readonly toldAt: number;
  /** The last time that it wanted to be left alone; absent once it has answered again. */
  readonly coolDown?: CoolDown;
  readonly quota?: Quota;
}

export interface CoolDown {
  readonly since: number;
  readonly until: number;
  /** How many there have been before it without an answer in between. */
  readonly attempt: number;
}

/** How much may be had within a window of time, and how much of it is left. */
export interface Quota {
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds?: number;
}

/** What there is to say of a registry's limits now. */
export interface LimitFact {
  readonly registry: string;
  /** It is left alone from then on; milliseconds since 1970. Absent: it may be asked. */
  readonly limitedSince?: number;
  /** And until then. */
  readonly limitedUntil?: number;
  /** The last that it told, while that can still be so. */
  readonly quota?: Quota & { readonly toldAt: number };
}

/** What all registries have told, by name: one memory for all engines, and over restarts. */
export interface RegistryLimits {
  readonly get: (registry: string) => RegistryLimit | undefined;
  readonly put: (registry: string, limit: RegistryLimit) => void;
  readonly all: () => ReadonlyMap<string, RegistryLimit>;
  /** `listener` hears of every change. */
  readonly subscribe: (listener: () => void) => Disposable;
}

/** No registry is left alone for longer, whatever it says. */
export const longestCoolDownMs = 3_600_000;
/** For how long a quota without a window is worth showing. */
const usualWindowSeconds = 3_600;

/** The registries for which a cool-down has begun between two looks. */
export function newlyLimited(before: readonly LimitFact[], after: readonly LimitFact[]): readonly LimitFact[] {
  const earlier = new Map(before.map(({ registry, limitedSince }) => [registry, limitedSince]));
  return after.filter(
    ({ registry, limitedSince }) => limitedSince !== undefined && earlier.get(registry) !== limitedSince,
  );
}

/** Milliseconds that are left of a cool-down; none where the clock was set back behind its beginning. */
export function remainingMs(coolDown: CoolDown | undefined, now: number): number {
  if (coolDown === undefined || now < coolDown.since) return 0;
  return Math.min(longestCoolDownMs, Math.max(0, coolDown.until - now));
}

/** What is known at `now`, in the order of the registries' names, and when that changes without anyone saying anything. */
export function limitsAt(
  limits: ReadonlyMap<string, RegistryLimit>,
  now: number,
): { readonly facts: readonly LimitFact[]; readonly until: number | undefined } {
  const told = [...limits].map(([registry, limit]) => factFrom(registry, limit, now));
  const ends = told.flatMap(({ limitedUntil, quota }) =>
    [limitedUntil ?? [], quota === undefined ? [] : endOf(quota)].flat(),
  );
  const facts = told.filter(({ limitedUntil, quota }) => limitedUntil !== undefined || quota !== undefined);
  return {
    facts: facts.sort((a, b) => (a.registry < b.registry ? -1 : 1)),
    until: ends.length === 0 ? undefined : Math.min(...ends),
  };
}

function factFrom(registry: string, { coolDown, quota, toldAt }: RegistryLimit, now: number): LimitFact {
  const left = remainingMs(coolDown, now);
  const shown = quota === undefined ? undefined : { ...quota, toldAt };
  return {
    registry,
    ...(coolDown !== undefined && left > 0 ? { limitedSince: coolDown.since, limitedUntil: now + left } : {}),
    ...(shown !== undefined && now < endOf(shown) ? { quota: shown } : {}),
  };
}

function endOf({ toldAt, windowSeconds = usualWindowSeconds }: NonNullable<LimitFact["quota"]>): number {
  return toldAt + windowSeconds * 1_000;
}
