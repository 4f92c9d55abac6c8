import { type NodeEvent, offerEvent } from "../core/node-event.ts";
import { isOnOffer, offerOf, type UntoldOffer } from "../core/offer.ts";
import type { Entry } from "../core/ports.ts";

/** Where is kept what nobody has been told of, from one run to the next. */
export interface NewsLedger {
  readonly untold: (container: string) => UntoldOffer | undefined;
  /** Undefined: there is nothing left to tell. */
  readonly setUntold: (container: string, offer: UntoldOffer | undefined) => void;
}

/** Tells the broker of an event; `onTaken` is called when the broker has taken it. `time`: ISO 8601, UTC. */
export type Tell = (event: NodeEvent, time: string, onTaken: () => void) => void;

/** The new versions, each kept until a broker has taken the news of it. */
export interface LateEvents {
  /** A version was found. `time`: ISO 8601, UTC. */
  readonly found: (entry: Entry, time: string) => void;
  /** Tells what is untold of the container, if that is still on offer. */
  readonly look: (entry: Entry) => void;
  /** A session has begun: what the last one has not taken can be told by `tell`. */
  readonly begin: (tell: Tell) => void;
  /** What is installed by now is not to be had any more, nor what was for a container that is gone. */
  readonly forget: (container: string) => void;
}

/**
 * A version is news once only: whoever was not told of it then is told later, of the newest of each container. Everything
 * else is history when the broker is back, or stands in the states.
 */
export function createLateEvents(ledger: NewsLedger): LateEvents {
  let tell: Tell | undefined;
  /** What this session has been given, and has not taken yet. */
  const underWay = new Map<string, UntoldOffer>();
  const look = (entry: Entry): void => {
    const { name } = entry.container;
    const offer = ledger.untold(name);
    // A tag may be back at the old version: the news keeps until it comes again.
    if (tell === undefined || offer === undefined || underWay.get(name) === offer || !isOnOffer(offer, entry)) return;
    underWay.set(name, offer);
    tell({ ...offerEvent(entry), operation: offer.operation }, offer.foundAt, () => {
      if (ledger.untold(name) === offer) ledger.setUntold(name, undefined);
      if (underWay.get(name) === offer) underWay.delete(name);
    });
  };
  return {
    found: (entry, foundAt) => {
      const offer = offerOf(entry);
      const operation = entry.progress?.operation ?? null;
      if (offer !== undefined) ledger.setUntold(entry.container.name, { ...offer, foundAt, operation });
    },
    look,
    begin: (tellNow) => {
      tell = tellNow;
      underWay.clear();
    },
    forget: (container) => {
      if (ledger.untold(container) !== undefined) ledger.setUntold(container, undefined);
    },
  };
}
