import type { Broker, BrokerMessage, BrokerSession } from "../core/ports.ts";
import { GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";
import { delay } from "../lib/time.ts";
import { isOwn, type Place, rootOf } from "./own-topics.ts";

/** Retained messages come at once after a subscription: when none has come for this long, all have. */
const quietMs = 1_000;

/**
 * Removes every retained message of a node from the broker: Home Assistant forgets its devices, and nothing is left of
 * Gangway. Resolves to the topics that were cleared, in order; rejects with `broker_unreachable` or `aborted`.
 */
export async function purgeNode(broker: Broker, target: Place, signal: AbortSignal): Promise<readonly string[]> {
  const done = new AbortController();
  const found = new Set<string>();
  const arrived = { at: performance.now() };
  const outcome = Promise.withResolvers<readonly string[]>();

  const onMessage = ({ topic, retained, payload }: BrokerMessage): void => {
    if (!retained || payload === "" || !isOwn(topic, target)) return;
    found.add(topic);
    arrived.at = performance.now();
  };
  const clear = async (session: BrokerSession): Promise<readonly string[]> => {
    await session.subscribe([`${rootOf(target)}/#`, `${target.discoveryPrefix}/device/+/config`]);
    arrived.at = performance.now();
    while (performance.now() - arrived.at < quietMs) await delay(quietMs / 10, signal);
    const topics = [...found].sort();
    for (const topic of topics) await session.publish({ topic, payload: "", retain: true, qos: 1 });
    return topics;
  };
  const onSession = (session: BrokerSession): void => {
    clear(session).then(outcome.resolve, (error: unknown) => {
      outcome.reject(
        isErrorWithCode(error, "aborted")
          ? error
          : new GangwayError("broker_unreachable", `The broker did not take the messages: ${messageOf(error)}`),
      );
    });
  };
  const running = broker.run({ onSession, onMessage }, AbortSignal.any([signal, done.signal]));
  void running.then(() => {
    outcome.reject(new GangwayError("broker_unreachable", "The broker could not be reached in time"));
  });
  try {
    return await outcome.promise;
  } finally {
    done.abort();
    await running;
  }
}
