import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Offer, Offered } from "../core/offer.ts";
import { type CheckRecord, updateStatuses } from "../core/update-status.ts";
import type { OnDamage } from "./atomic-json.ts";
import { peekJson, readJson, writeJson } from "./atomic-json.ts";
import { ImageDetails } from "./image-details.ts";
import { createLatestWriter } from "./latest-writer.ts";

const Check = z.strictObject({
  status: z.enum(updateStatuses),
  reason: z.string(),
  checkedAt: z.string(),
  imageId: z.string(),
  reference: z.string(),
  installedDigest: z.string().exactOptional(),
  installed: ImageDetails.exactOptional(),
  installedVersion: z.string().exactOptional(),
  platform: z.string().exactOptional(),
  verdict: z.enum(["up_to_date", "update_available"]).exactOptional(),
  latestDigest: z.string().exactOptional(),
  latestImage: z.string().exactOptional(),
  latest: ImageDetails.exactOptional(),
  latestVersion: z.string().exactOptional(),
  targetTag: z.string().exactOptional(),
  latestSince: z.string().exactOptional(),
  attempts: z.strictObject({ digest: z.string(), count: z.int(), rolledBack: z.boolean() }).exactOptional(),
}) satisfies z.ZodType<CheckRecord>;

const OneOffer = z.strictObject({ digest: z.string(), image: z.string().exactOptional() }) satisfies z.ZodType<Offer>;
const AllOffers = z.strictObject({
  ...OneOffer.shape,
  imageId: z.string().exactOptional(),
  earlier: z.array(OneOffer).readonly().exactOptional(),
}) satisfies z.ZodType<Offered>;

const KnownNode = z.strictObject({
  node: z.string(),
  /** Containers that Home Assistant has a device for, and since when each is gone, if it is. */
  devices: z.record(z.string(), z.iso.datetime().nullable()),
  /** The last check of each container: a restart does not make anyone forget a verdict. */
  checks: z.record(z.string(), Check),
  /** The versions that each container was offered, so that they are news once only. */
  offers: z.record(z.string(), AllOffers).exactOptional(),
  /** The platform of each component of each device, by key; the node's own device goes by the empty name. */
  components: z.record(z.string(), z.record(z.string(), z.string())).exactOptional(),
  lastCheck: z.iso.datetime().exactOptional(),
  /** Where its messages went in the last run. */
  place: z.strictObject({ node: z.string(), baseTopic: z.string(), discoveryPrefix: z.string() }).exactOptional(),
});
type KnownNode = z.infer<typeof KnownNode>;

/** Those of containers that are gone count too, until the engine is read anew. */
const mostOffers = 1_000;

/** By the engine's address in the configuration. */
const Known = z.strictObject({ engines: z.record(z.string(), KnownNode) });

/** What must be remembered of an engine from one run to the next: `known.json`. */
export interface KnownEngine {
  /** The node that was resolved once; undefined for an engine that never answered. */
  readonly node: () => string | undefined;
  readonly setNode: (node: string) => void;
  readonly devices: () => ReadonlyMap<string, string | null>;
  readonly setDevices: (devices: ReadonlyMap<string, string | null>) => void;
  readonly check: (container: string) => CheckRecord | undefined;
  /** Undefined: the container is gone. */
  readonly setCheck: (container: string, check: CheckRecord | undefined) => void;
  readonly offer: (container: string) => Offered | undefined;
  readonly setOffer: (container: string, offer: Offered) => void;
  /** Forgets the checks and offers of all other containers. */
  readonly keepChecks: (containers: ReadonlySet<string>) => void;
  readonly components: (device: string) => Readonly<Record<string, string>>;
  /** Undefined: the device is removed. */
  readonly setComponents: (device: string, components: Readonly<Record<string, string>> | undefined) => void;
  /** When all containers were last checked; ISO 8601, UTC. */
  readonly lastCheck: () => string | undefined;
  readonly setLastCheck: (time: string) => void;
  /** Where the engine's messages go on the broker; undefined before the first run. */
  readonly place: () => KnownNode["place"];
  readonly setPlace: (place: NonNullable<KnownNode["place"]>) => void;
}

export interface KnownEngines extends AsyncDisposable {
  readonly engine: (address: string) => KnownEngine;
}

/** Opens `known.json` at `path`; changes are written soon, and for certain before this is disposed of. */
export async function openKnown(
  path: string,
  deps: { readonly onDamage: OnDamage; readonly onFailure: (error: unknown) => void },
): Promise<KnownEngines> {
  const engines = new Map(Object.entries((await readJson(path, Known, deps))?.engines ?? {}));
  const writer = createLatestWriter(
    () => writeJson(path, { engines: Object.fromEntries(engines) } satisfies z.infer<typeof Known>),
    deps.onFailure,
  );
  const change = (address: string, members: Partial<KnownNode>): void => {
    engines.set(address, { node: "", devices: {}, checks: {}, ...engines.get(address), ...members });
    writer.put(undefined);
  };
  const without = <Value>(record: Readonly<Record<string, Value>> | undefined, key: string): Record<string, Value> => {
    const { [key]: _, ...others } = record ?? {};
    return others;
  };
  return {
    engine: (address) => ({
      node: () => engines.get(address)?.node || undefined,
      setNode: (node) => change(address, { node }),
      devices: () => new Map(Object.entries(engines.get(address)?.devices ?? {})),
      setDevices: (devices) => change(address, { devices: Object.fromEntries(devices) }),
      check: (container) => engines.get(address)?.checks[container],
      setCheck: (container, check) => {
        const others = without(engines.get(address)?.checks, container);
        change(address, { checks: check === undefined ? others : { ...others, [container]: check } });
      },
      offer: (container) => engines.get(address)?.offers?.[container],
      setOffer: (container, offer) => {
        const others = Object.entries(without(engines.get(address)?.offers, container)).slice(1 - mostOffers);
        change(address, { offers: { ...Object.fromEntries(others), [container]: offer } });
      },
      keepChecks: (containers) => {
        const checks = Object.entries(engines.get(address)?.checks ?? {});
        const kept = checks.filter(([name]) => containers.has(name));
        if (kept.length < checks.length) change(address, { checks: Object.fromEntries(kept) });
        const offers = Object.entries(engines.get(address)?.offers ?? {});
        const keptOffers = offers.filter(([name]) => containers.has(name));
        if (keptOffers.length < offers.length) change(address, { offers: Object.fromEntries(keptOffers) });
      },
      components: (device) => engines.get(address)?.components?.[device] ?? {},
      setComponents: (device, components) => {
        const before = engines.get(address)?.components;
        if (isDeepStrictEqual(before?.[device], components)) return;
        const others = without(before, device);
        change(address, { components: components === undefined ? others : { ...others, [device]: components } });
      },
      lastCheck: () => engines.get(address)?.lastCheck,
      place: () => engines.get(address)?.place,
      setPlace: (place) => {
        if (!isDeepStrictEqual(engines.get(address)?.place, place)) change(address, { place });
      },
      setLastCheck: (lastCheck) => change(address, { lastCheck }),
    }),
    [Symbol.asyncDispose]: writer.settled,
  };
}

/** The checks that the file at `path` holds, by engine and container, for a process that does not own it. */
export async function peekChecks(
  path: string,
  deps: { readonly onDamage: OnDamage },
): Promise<(address: string, container: string) => CheckRecord | undefined> {
  const engines = (await peekJson(path, Known, deps))?.engines ?? {};
  return (address, container) => engines[address]?.checks[container];
}
