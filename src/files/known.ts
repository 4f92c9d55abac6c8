import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Offer, Offered, UntoldOffer } from "../core/offer.ts";
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

const Untold = z.strictObject({
  ...OneOffer.shape,
  foundAt: z.iso.datetime(),
  operation: z.string().nullable(),
}) satisfies z.ZodType<UntoldOffer>;

const KnownNode = z.strictObject({
  node: z.string(),
  /** Containers that Home Assistant has a device for, and since when each is gone, if it is. */
  devices: z.record(z.string(), z.iso.datetime().nullable()),
  /** The last check of each container: a restart does not make anyone forget a verdict. */
  checks: z.record(z.string(), Check),
  /** The versions that each container was offered, so that they are news once only. */
  offers: z.record(z.string(), AllOffers).exactOptional(),
  /** Of those the ones that no broker has taken the news of. */
  untold: z.record(z.string(), Untold).exactOptional(),
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
  /** The version that nobody has been told of yet; undefined for none. */
  readonly untold: (container: string) => UntoldOffer | undefined;
  readonly setUntold: (container: string, offer: UntoldOffer | undefined) => void;
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
  const known = await readJson(path, Known, deps);
  const engines = new Map(Object.entries(known?.engines ?? {}).map(([address, node]) => [address, memoryFrom(node)]));
  const writer = createLatestWriter(() => {
    const nodes = [...engines].map(([address, memory]) => [address, nodeFrom(memory)] as const);
    return writeJson(path, { engines: Object.fromEntries(nodes) } satisfies z.infer<typeof Known>);
  }, deps.onFailure);
  return {
    engine: (address) => {
      const memoryOf = (): Memory => engines.get(address) ?? memoryFrom({ node: "", devices: {}, checks: {} });
      const change = (members: Partial<Memory> = {}): void => {
        engines.set(address, { ...memoryOf(), ...members });
        writer.put(undefined);
      };
      return knownEngine(memoryOf, change);
    },
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

/** The nodes that the file at `path` holds, by engine, likewise. */
export async function peekNodes(path: string): Promise<(address: string) => string | undefined> {
  const engines = (await peekJson(path, Known, { onDamage: () => {} }))?.engines ?? {};
  return (address) => engines[address]?.node || undefined;
}

/** What is remembered of an engine, in maps: with hundreds of containers a record is dear to change. */
interface Memory extends Omit<KnownNode, "devices" | "checks" | "offers" | "untold" | "components"> {
  readonly devices: ReadonlyMap<string, string | null>;
  readonly checks: Map<string, CheckRecord>;
  readonly offers: Map<string, Offer>;
  readonly untold: Map<string, UntoldOffer>;
  readonly components: Map<string, Readonly<Record<string, string>>>;
}

function memoryFrom({ devices, checks, offers = {}, untold = {}, components = {}, ...rest }: KnownNode): Memory {
  return {
    ...rest,
    devices: new Map(Object.entries(devices)),
    checks: new Map(Object.entries(checks)),
    offers: new Map(Object.entries(offers)),
    untold: new Map(Object.entries(untold)),
    components: new Map(Object.entries(components)),
  };
}

function nodeFrom({ devices, checks, offers, untold, components, ...rest }: Memory): KnownNode {
  return {
    ...rest,
    devices: Object.fromEntries(devices),
    checks: Object.fromEntries(checks),
    offers: Object.fromEntries(offers),
    untold: Object.fromEntries(untold),
    components: Object.fromEntries(components),
  };
}

function knownEngine(memory: () => Memory, change: (members?: Partial<Memory>) => void): KnownEngine {
  /** Sets or, where there is no value, deletes a member of one of the maps. */
  const put = <Value>(mapOf: (memory: Memory) => Map<string, Value>, key: string, value: Value | undefined): void => {
    // An engine that nothing is known of yet gets its maps by this.
    change();
    const map = mapOf(memory());
    map.delete(key);
    if (value !== undefined) map.set(key, value);
  };
  return {
    node: () => memory().node || undefined,
    setNode: (node) => change({ node }),
    devices: () => memory().devices,
    setDevices: (devices) => change({ devices: new Map(devices) }),
    check: (container) => memory().checks.get(container),
    setCheck: (container, check) => put(({ checks }) => checks, container, check),
    offer: (container) => memory().offers.get(container),
    setOffer: (container, offer) => {
      put(({ offers }) => offers, container, offer);
      const { offers } = memory();
      // The newest are the last.
      for (const oldest of [...offers.keys()].slice(0, Math.max(0, offers.size - mostOffers))) offers.delete(oldest);
    },
    untold: (container) => memory().untold.get(container),
    setUntold: (container, offer) => put(({ untold }) => untold, container, offer),
    keepChecks: (containers) => {
      const { checks, offers, untold } = memory();
      const others = (map: ReadonlyMap<string, unknown>) => [...map.keys()].filter((name) => !containers.has(name));
      const gone = [...others(checks), ...others(offers), ...others(untold)];
      for (const name of gone) {
        checks.delete(name);
        offers.delete(name);
        untold.delete(name);
      }
      if (gone.length > 0) change();
    },
    components: (device) => memory().components.get(device) ?? {},
    setComponents: (device, components) => {
      if (!isDeepStrictEqual(memory().components.get(device), components))
        put(({ components: all }) => all, device, components);
    },
    lastCheck: () => memory().lastCheck,
    place: () => memory().place,
    setPlace: (place) => {
      if (!isDeepStrictEqual(memory().place, place)) change({ place });
    },
    setLastCheck: (lastCheck) => change({ lastCheck }),
  };
}
