import type { RegistryLimit, RegistryLimits } from "../core/registry-limit.ts";

/** What registries have told of their limits, from what was known `before`. Subscribers are called at once. */
export function createRegistryLimits(before: ReadonlyMap<string, RegistryLimit> = new Map()): RegistryLimits {
  const limits = new Map(before);
  const listeners = new Set<() => void>();
  return {
    get: (registry) => limits.get(registry),
    put: (registry, limit) => {
      limits.set(registry, limit);
      for (const listener of [...listeners]) listener();
    },
    all: () => limits,
    subscribe: (listener) => {
      listeners.add(listener);
      return {
        [Symbol.dispose]: () => {
          listeners.delete(listener);
        },
      };
    },
  };
}
