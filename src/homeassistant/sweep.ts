import type { BrokerMessage, BrokerSession } from "../core/ports.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { pause } from "../lib/time.ts";
import { isOwn, type Place, rootOf } from "./own-topics.ts";

/** Takes away what earlier runs have left on the broker. */
export interface Sweep {
  /** Looks once, in the first session in which it comes to an end. */
  readonly begin: (session: BrokerSession, broom: Broom) => void;
  /** A message that is neither a command nor Home Assistant's. */
  readonly hear: (message: Pick<BrokerMessage, "topic" | "payload" | "retained">) => void;
}

/** What a session can do about it. */
export interface Broom {
  /** Have all containers been published? Before that nobody knows what is stale. */
  readonly isComplete: () => boolean;
  readonly isWanted: (topic: string) => boolean;
  readonly clear: (topic: string, onCleared: () => void) => void;
}

export interface SweepDependencies {
  readonly place: Place;
  /** Where this engine's messages went before its node, the base topic or the discovery prefix was changed. */
  readonly former: Place | undefined;
  /** Nothing is left at the former place, or there was none. */
  readonly onSettled: () => void;
  readonly log: Log;
}

/** Retained messages come at once after a subscription: when none has come for this long, all have. */
const quietMs = 1_000;

export function createSweep(deps: SweepDependencies): Sweep {
  const { place, former, log } = deps;
  const filters = [
    `${rootOf(place)}/container/+/+`,
    ...[
      ...new Set(
        [place, ...(former === undefined ? [] : [former])].map((one) => `${one.discoveryPrefix}/device/+/config`),
      ),
    ],
    ...(former === undefined || rootOf(former) === rootOf(place) ? [] : [`${rootOf(former)}/#`]),
  ];
  let isDone = false;
  let found: Map<string, string> | undefined;
  let heardAt = 0;

  const sweep = async (session: BrokerSession, broom: Broom): Promise<void> => {
    found = new Map();
    await session.subscribe(filters);
    heardAt = performance.now();
    while (performance.now() - heardAt < quietMs || !broom.isComplete()) {
      await pause(quietMs / 4, session.closed);
      if (session.closed.aborted) return;
    }
    await session.unsubscribe(filters);
    isDone = true;
    const isTaken = former !== undefined && isInUse(former, place, found);
    if (isTaken) log.warn({ node: former.node }, "the node's former topics are in use by somebody else and were left");
    const places = former === undefined || isTaken ? [place] : [place, former];
    const stale = [...found.keys()].filter(
      (topic) => places.some((one) => isOwn(topic, one)) && !broom.isWanted(topic),
    );
    if (stale.length > 0) log.info({ topics: stale.length }, "topics of earlier runs are cleared");
    found = undefined;
    await Promise.all(stale.map((topic) => new Promise<void>((resolve) => broom.clear(topic, resolve))));
    if (!isTaken) deps.onSettled();
  };

  return {
    begin: (session, broom) => {
      if (isDone) return;
      sweep(session, broom).catch((error: unknown) => {
        if (!session.closed.aborted)
          log.warn({ reason: messageOf(error) }, "topics of earlier runs can't be looked for");
      });
    },
    hear: ({ topic, payload, retained }) => {
      if (found === undefined || !retained) return;
      heardAt = performance.now();
      if (payload === "") found.delete(topic);
      else found.set(topic, payload);
    },
  };
}

/** Somebody else may have been given the node that this engine had. */
function isInUse(former: Place, place: Place, found: ReadonlyMap<string, string>): boolean {
  return rootOf(former) !== rootOf(place) && found.get(`${rootOf(former)}/status`) === "online";
}
