import { type Container, isTransientName } from "../core/container.ts";
import type { ContainerSummary, Inventory } from "../core/ports.ts";
import { createBursts } from "./bursts.ts";

/** A name that is gone for less than this is being recreated, by Gangway or by another tool. */
const vanishMs = 2_000;

/** Who bears which name: what turns the engine's ids into the inventory's names. */
export interface Roster {
  readonly nameOf: (id: string) => string | undefined;
  /** The container has this name and this look now. */
  readonly put: (container: Container) => void;
  /** The container with this id is gone. */
  readonly forget: (id: string) => void;
  /** Exactly these containers are there: all others are gone at once. */
  readonly replace: (list: readonly ContainerSummary[]) => void;
}

/** A roster over an inventory. A name whose container is gone keeps its entry for a moment: a recreate gives it back. */
export function createRoster(
  deps: { readonly inventory: Inventory; readonly isWatched: (container: Container) => boolean },
  signal: AbortSignal,
): Roster {
  const { inventory, isWatched } = deps;
  const names = new Map<string, string>();

  const isBorne = (name: string): boolean => {
    const id = inventory.get(name)?.container.id;
    return id !== undefined && names.get(id) === name;
  };
  const vanishing = createBursts(
    { quietMs: vanishMs, longestMs: vanishMs },
    (name) => {
      if (isBorne(name)) return;
      // An operation that still runs will give the name back, to the old container or to a new one.
      if (inventory.get(name)?.progress === undefined) inventory.remove(name);
      else vanishing.touch(name);
    },
    signal,
  );
  const leave = (id: string): void => {
    const name = names.get(id);
    if (name !== undefined && inventory.get(name)?.container.id === id) vanishing.touch(name);
  };

  return {
    nameOf: (id) => names.get(id),
    put: (container) => {
      if (names.get(container.id) !== container.name) leave(container.id);
      names.set(container.id, container.name);
      if (isTransientName(container.name)) return;
      if (isWatched(container)) inventory.putContainer(container);
      else inventory.remove(container.name);
    },
    forget: (id) => {
      leave(id);
      names.delete(id);
    },
    replace: (list) => {
      names.clear();
      for (const { id, name } of list) names.set(id, name);
      for (const { container } of inventory.all()) if (!isBorne(container.name)) inventory.remove(container.name);
    },
  };
}
