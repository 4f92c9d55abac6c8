/** A discovery payload, as far as its components are looked at. */
export interface Discovery {
  readonly [member: string]: unknown;
  readonly components: Readonly<Record<string, { readonly platform: string }>>;
}

/** The platform of each component, by its key. */
export type Components = Readonly<Record<string, string>>;

/** Which components Home Assistant has been told of, kept over restarts; the node's own device goes by the empty name. */
export interface ComponentLedger {
  readonly components: (device: string) => Components;
  /** Undefined: the device is removed. */
  readonly setComponents: (device: string, components: Components | undefined) => void;
}

export function componentsOf({ components }: Discovery): Components {
  return Object.fromEntries(Object.entries(components).map(([key, { platform }]) => [key, platform]));
}

/**
 * The payload with a stub for every component that was there `before` and no longer is: leaving one out does not make
 * Home Assistant remove its entity, a stub does. The very same payload where nothing was lost.
 */
export function withStubs(payload: Discovery, before: Components): Discovery {
  const lost = Object.entries(before).filter(([key]) => !Object.hasOwn(payload.components, key));
  if (lost.length === 0) return payload;
  const stubs = Object.fromEntries(lost.map(([key, platform]) => [key, { platform }]));
  return { ...payload, components: { ...payload.components, ...stubs } };
}
