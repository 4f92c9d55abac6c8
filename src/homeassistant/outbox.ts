import { hash } from "node:crypto";
import type { BrokerSession, Publication } from "../core/ports.ts";

/** What waits to be published in one session: bounded, whatever the broker does. */
export interface Outbox {
  /**
   * Publishes in the order of the calls. A retained message that the broker has already, or that waits already, is not
   * sent again; a newer one for a topic that still waits takes the older one's place.
   */
  readonly put: (publication: Publication) => void;
  /** Forgets what the broker has been told, so that the same is sent again. */
  readonly forget: () => void;
}

/** Unacknowledged messages at once: enough to keep a broker busy, and below what brokers refuse. */
const inFlight = 32;
/** Messages that are not retained and wait: with a broker that slow, the oldest are worth nothing any more. */
const longestQueue = 1_000;

export function createOutbox(session: BrokerSession): Outbox {
  /** By topic for retained messages, by a number for others; a Map keeps the order. */
  const waiting = new Map<string | number, Publication>();
  const told = new Map<string, string>();
  let passing = 0;
  let flying = 0;

  const pump = (): void => {
    for (const [key, publication] of waiting) {
      if (flying >= inFlight || session.closed.aborted) return;
      waiting.delete(key);
      flying++;
      // A message that could not be sent belongs to a session that is over: the next one starts with everything.
      session
        .publish(publication)
        .catch(() => {})
        .finally(() => {
          flying--;
          pump();
        });
    }
  };
  const dropOldest = (): void => {
    for (const [key, { retain }] of waiting) {
      if (retain) continue;
      waiting.delete(key);
      return;
    }
  };

  return {
    put: (publication) => {
      if (session.closed.aborted) return;
      if (publication.retain) {
        const fingerprint = hash("sha1", publication.payload, "base64");
        if (told.get(publication.topic) === fingerprint) return;
        told.set(publication.topic, fingerprint);
        waiting.set(publication.topic, publication);
      } else {
        waiting.set(passing++, publication);
        if (waiting.size > longestQueue) dropOldest();
      }
      pump();
    },
    forget: () => told.clear(),
  };
}
