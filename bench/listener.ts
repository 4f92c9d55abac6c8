import { connectAsync } from "mqtt";
import { createTail, type Moment, type Tail } from "./tail.ts";
import { nodeTopics } from "./topics.ts";

/** A message as it arrived. */
export interface Arrival extends Moment {
  readonly topic: string;
  readonly payload: Buffer;
}

/** A client that hears everything and does next to nothing with it: it shares the cores with what is measured. */
export interface Listener extends Omit<Tail<Arrival>, "push">, AsyncDisposable {
  readonly publish: (topic: string, payload: string) => Promise<void>;
}

export async function listen(url: string): Promise<Listener> {
  const { push, ...tail } = createTail<Arrival>();
  const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  client.on("error", () => {});
  client.on("message", (topic, payload) => push({ topic, payload, time: Date.now() }));
  // Without acknowledgements, which would be the broker's and the listener's work only.
  await client.subscribeAsync("#", { qos: 0 });
  return {
    ...tail,
    publish: async (topic, payload) => {
      await client.publishAsync(topic, payload, { qos: 1 });
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

/** The last payload of every topic whose messages are kept. */
export function keptFrom(arrivals: readonly Arrival[]): ReadonlyMap<string, Buffer> {
  return new Map(arrivals.filter(isKept).map(({ topic, payload }) => [topic, payload]));
}

/** How many messages said what their topic said already. */
export function countRepeats(arrivals: readonly Arrival[]): number {
  const last = new Map<string, Buffer>();
  let repeats = 0;
  for (const { topic, payload } of arrivals.filter(isKept)) {
    if (last.get(topic)?.equals(payload) === true) repeats++;
    last.set(topic, payload);
  }
  return repeats;
}

const passing = /\/(?:stats|result|event)$|\/command\//;

/** Does the broker keep this message? */
export function isKept({ topic }: Arrival): boolean {
  return !passing.test(topic);
}

/** Is this message the result of such a command; for the whole node, where `container` is null? */
export function isResultOf(command: string, container: string | null): (arrival: Arrival) => boolean {
  return ({ topic, payload }) => {
    if (topic !== nodeTopics.result) return false;
    const result = jsonOf(payload);
    return result["command"] === command && result["container"] === container;
  };
}

export function jsonOf(payload: Buffer): Readonly<Record<string, unknown>> {
  return JSON.parse(payload.toString("utf8")) as Readonly<Record<string, unknown>>;
}
