import type { ServedNode } from "../../../core/doors.ts";

/** The container that an id stood for. */
interface Named {
  readonly node: ServedNode;
  readonly name: string;
}

/** The ids of containers that were to be updated: an update gives them new ones, and clients ask for the old ones. */
export interface RecentIds {
  readonly get: (id: string) => Named | undefined;
  readonly put: (id: string, named: Named) => void;
}

const most = 1_000;

/** Forgets the oldest when there are more than a thousand. */
export function createRecentIds(): RecentIds {
  const ids = new Map<string, Named>();
  return {
    get: (id) => ids.get(id),
    put: (id, named) => {
      ids.delete(id);
      ids.set(id, named);
      const [oldest] = ids.keys();
      if (ids.size > most && oldest !== undefined) ids.delete(oldest);
    },
  };
}
