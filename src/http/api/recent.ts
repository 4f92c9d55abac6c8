import type { PastOperation } from "../../core/doors.ts";

/** The results of the last operations, also of those that no history keeps: checks, dry runs, and what was joined. */
export interface Recent {
  readonly add: (result: PastOperation) => void;
  readonly get: (id: string) => PastOperation | undefined;
}

const most = 200;

export function createRecent(): Recent {
  const results = new Map<string, PastOperation>();
  return {
    add: (result) => {
      results.delete(result.id);
      results.set(result.id, result);
      const [oldest] = results.keys();
      if (results.size > most && oldest !== undefined) results.delete(oldest);
    },
    get: (id) => results.get(id),
  };
}
