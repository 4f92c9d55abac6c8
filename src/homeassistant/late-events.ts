import type { NodeEvent } from "../core/node-event.ts";

/** What happened while there was no broker to tell it to. */
export interface LateEvents {
  /** Keeps it if it still matters when the broker is back. `time`: ISO 8601, UTC. */
  readonly keep: (event: NodeEvent, time: string) => void;
  /** Gives what is kept, with when it happened, and forgets it. */
  readonly take: () => readonly (readonly [event: NodeEvent, time: string])[];
}

/**
 * A version is news once only: whoever was not told of it then is told later, of the newest of each container. Everything
 * else is history when the broker is back, or stands in the states.
 */
export function createLateEvents(): LateEvents {
  const kept = new Map<string | null, readonly [NodeEvent, string]>();
  return {
    keep: (event, time) => {
      if (event.type === "update_available") kept.set(event.container, [event, time]);
      // What is installed by now is not to be had any more.
      if (event.type === "updated" || event.type === "container_removed") kept.delete(event.container);
    },
    take: () => {
      const all = [...kept.values()];
      kept.clear();
      return all;
    },
  };
}
