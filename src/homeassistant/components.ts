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

/** Those of the components `before` that the payload does not have any more. */
export function lostFrom({ components }: Discovery, before: Components): Components {
  return Object.fromEntries(Object.entries(before).filter(([key]) => !Object.hasOwn(components, key)));
}

/**
 * The payload with a stub for each of these components that it does not have: leaving one out does not make Home
 * Assistant remove its entity, a stub does.
 */
export function withStubs(payload: Discovery, lost: Components): Discovery {
  const stubs = Object.fromEntries(Object.entries(lost).map(([key, platform]) => [key, { platform }]));
  return { ...payload, components: { ...stubs, ...payload.components } };
}
