import { type Container, isTransientName } from "../core/container.ts";
import type { ContainerSummary } from "../core/engine-answers.ts";
import type { Inventory } from "../core/ports.ts";
import type { CheckRecord } from "../core/update-status.ts";
import { createBursts } from "./bursts.ts";

/** A name that is gone for less than this is being recreated, by Gangway or by another tool. */
const vanishMs = 2_000;

/** Who bears which name: what turns the engine's ids into the inventory's names. */
export interface Roster {
  readonly nameOf: (id: string) => string | undefined;
  /** The container has this name and this look now; with `check`, that is what is known of its image. */
  readonly put: (container: Container, check?: CheckRecord) => void;
  /** The container with this id is gone. */
  readonly forget: (id: string) => void;
  /** Exactly these containers are there: all others are gone at once. */
  readonly replace: (list: readonly ContainerSummary[], isOutdated: IsOutdated) => void;
  /** The same, said while all seemed well: what the list lacks is gone, if it stays away for a moment. */
  readonly strike: (list: readonly ContainerSummary[], isOutdated: IsOutdated) => void;
}

/** Was something heard of this container after the list was asked for? Then the list says nothing of it. */
type IsOutdated = (id: string) => boolean;

/** A roster over an inventory. A name whose container is gone keeps its entry for a moment: a recreate gives it back. */
export function createRoster(
  deps: { readonly inventory: Inventory; readonly isWatched: (container: Container) => boolean },
  signal: AbortSignal,
): Roster {
  const { inventory, isWatched } = deps;
  const names = new Map<string, string>();

  const isBorne = (name: string): boolean => [...names.values()].includes(name);
  const vanishing = createBursts({ quietMs: vanishMs, longestMs: vanishMs }, (name) => vanish(name), signal);
  const vanish = (name: string): void => {
    const entry = inventory.get(name);
    if (entry === undefined || isBorne(name)) return;
    // An operation that still runs will give the name back, to the old container or to a new one.
    if (entry.progress === undefined) inventory.remove(name);
    else vanishing.touch(name);
  };
  const leave = (id: string): void => {
    const name = names.get(id);
    if (name !== undefined && inventory.get(name)?.container.id === id) vanishing.touch(name);
  };
  const forget = (id: string): void => {
    leave(id);
    names.delete(id);
  };

  return {
    nameOf: (id) => names.get(id),
    put: (container, check) => {
      if (names.get(container.id) !== container.name) leave(container.id);
      names.set(container.id, container.name);
      if (isTransientName(container.name)) return;
      if (isWatched(container)) inventory.putContainer(container, check);
      else inventory.remove(container.name);
    },
    forget,
    replace: (list, isOutdated) => {
      const listed = list.filter(({ id }) => !isOutdated(id)).map(({ id, name }) => [id, name] as const);
      const heard = [...names].filter(([id]) => isOutdated(id));
      names.clear();
      for (const [id, name] of [...listed, ...heard]) names.set(id, name);
      for (const { container } of inventory.all()) vanish(container.name);
    },
    strike: (list, isOutdated) => {
      const present = new Set(list.map(({ id }) => id));
      for (const id of [...names.keys()]) if (!present.has(id) && !isOutdated(id)) forget(id);
    },
  };
}
