import type { BrokerSession, Publication } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { fingerprintOf } from "./fingerprint.ts";

/** What waits to be published in one session: bounded, whatever the broker does. */
export interface Outbox {
  /**
   * Publishes in the order of the calls. A retained message that the broker has already, or that waits already, is not
   * sent again; a newer one for a topic that still waits takes the older one's place. `onTaken` is called when the broker
   * has taken this very message.
   */
  readonly put: (publication: Publication, onTaken?: () => void) => void;
  /** Has the broker been told something to keep of this topic, or is it about to be? */
  readonly keeps: (topic: string) => boolean;
  /** Forgets what the broker has been told, so that the same is sent again. */
  readonly forget: () => void;
}

interface Waiting {
  readonly publication: Publication;
  readonly onTaken: (() => void) | undefined;
}

/** Unacknowledged messages at once: enough to keep a broker busy. */
const mostInFlight = 32;
/** Messages that are not retained and wait: with a broker that slow, the oldest are worth nothing any more. */
const longestQueue = 1_000;

export function createOutbox(session: BrokerSession, log: Log): Outbox {
  /** By topic for retained messages, by a number for others; a Map keeps the order. */
  const waiting = new Map<string | number, Waiting>();
  const told = new Map<string, string>();
  const complaints = new Set<string>();
  const limit = Math.min(mostInFlight, session.inFlight);
  let passing = 0;
  let passingWaits = 0;
  let flying = 0;

  const complain = (topic: string, error: unknown): void => {
    // A message that could not be sent belongs to a session that is over: the next one starts with everything.
    if (!isErrorWithCode(error, "broker_refused") || complaints.has(error.message)) return;
    complaints.add(error.message);
    log.warn({ topic, err: error }, "broker refused a message, the first of its kind");
  };
  const send = async ({ publication, onTaken }: Waiting): Promise<void> => {
    const { topic, payload, retain } = publication;
    try {
      await session.publish(publication);
      // Nothing is kept of a topic that was cleared: containers come and go for months.
      if (retain && payload === "" && told.get(topic) === fingerprintOf("")) told.delete(topic);
      onTaken?.();
    } catch (error) {
      complain(topic, error);
    }
    flying--;
    pump();
  };
  const take = (key: string | number, { publication }: Waiting): void => {
    waiting.delete(key);
    if (!publication.retain) passingWaits--;
  };
  const pump = (): void => {
    for (const [key, next] of waiting) {
      if (flying >= limit || session.closed.aborted) return;
      take(key, next);
      flying++;
      void send(next);
    }
  };
  const dropOldest = (): void => {
    for (const [key, oldest] of waiting) {
      if (oldest.publication.retain) continue;
      take(key, oldest);
      return;
    }
  };

  return {
    put: (publication, onTaken) => {
      if (session.closed.aborted) return;
      const { topic, payload, retain } = publication;
      if (retain) {
        const fingerprint = fingerprintOf(payload);
        if (told.get(topic) === fingerprint) return;
        told.set(topic, fingerprint);
        waiting.set(topic, { publication, onTaken });
      } else {
        waiting.set(passing++, { publication, onTaken });
        passingWaits++;
        // Retained ones do not count: there are no more of them than topics, and thousands at once after a connection.
        if (passingWaits > longestQueue) dropOldest();
      }
      pump();
    },
    keeps: (topic) => told.has(topic) && told.get(topic) !== fingerprintOf(""),
    forget: () => told.clear(),
  };
}
