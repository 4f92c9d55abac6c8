import { readFileSync } from "node:fs";
import { connectAsync, type IClientPublishOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { createEar } from "../home-assistant-ear.ts";

/** A message as it arrived. */
export interface BedMessage {
  readonly topic: string;
  readonly payload: string;
  /** Published as retained, or delivered from the broker's store. */
  readonly retain: boolean;
  readonly qos: 0 | 1 | 2;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** MQTT 5 only. */
  readonly correlationData?: Buffer;
  readonly responseTopic?: string;
}

/** What a client has seen so far. */
export interface Seen {
  /** All messages, in the order in which they came. */
  readonly messages: readonly BedMessage[];
  /** The retained payload of a topic now; undefined where there is none. */
  readonly retained: (topic: string) => string | undefined;
  /** All topics that have a retained payload now. */
  readonly topics: () => readonly string[];
}

/**
 * An MQTT client for tests: it hears everything and forgets nothing. Closing it rejects where Gangway has published
 * something that Home Assistant would not take.
 */
export interface BedClient extends Seen, AsyncDisposable {
  /** Resolves with what `find` makes of the messages as soon as that is neither undefined nor false. */
  readonly until: <T>(find: (seen: Seen) => T | undefined | false, ms?: number) => Promise<T>;
  /** Resolves when the broker has taken the message. */
  readonly publish: (topic: string, payload: string, options?: PublishOptions) => Promise<void>;
  /** Forgets the messages so far; what is retained stays known. */
  readonly clear: () => void;
}

export interface ClientOptions {
  readonly username?: string;
  readonly password?: string;
  /** MQTT 3.1.1 (4) has no response topics, and live messages are never marked as retained. */
  readonly protocolVersion?: 4 | 5;
  readonly clientId?: string;
  /** PEM files, for TLS. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface PublishOptions {
  readonly retain?: boolean;
  readonly qos?: 0 | 1;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

/** Connects and subscribes to every topic; resolves when the broker has confirmed that. */
export async function connectClient(url: string, options: ClientOptions = {}): Promise<BedClient> {
  const protocolVersion = options.protocolVersion ?? 5;
  const { caFile, certFile, keyFile, ...rest } = options;
  const client = await connectAsync(url, {
    protocolVersion,
    reconnectPeriod: 100,
    ...rest,
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  });
  let messages: BedMessage[] = [];
  const retained = new Map<string, string>();
  const waiting = new Set<() => void>();
  const seen: Seen = {
    get messages() {
      return messages;
    },
    retained: (topic) => retained.get(topic),
    topics: () => [...retained.keys()],
  };
  const ear = createEar();
  client.on("error", () => {});
  client.on("connect", () => ear.forget());
  client.on("message", (topic, payload, packet) => {
    const message = messageFrom(topic, payload, packet);
    messages.push(message);
    // Only MQTT 5 can tell what was published as retained.
    if (protocolVersion === 5) ear.hear(message);
    if (message.retain) keep(retained, message);
    for (const look of waiting) look();
  });
  // Retain as published: without it the broker strips the flag from live messages.
  await client.subscribeAsync("#", protocolVersion === 5 ? { qos: 1, rap: true } : { qos: 1 });
  return {
    get messages() {
      return messages;
    },
    retained: seen.retained,
    topics: seen.topics,
    until: (find, ms = 10_000) => until(seen, waiting, find, ms),
    publish: async (topic, payload, publishOptions) => {
      ear.leaveOut(topic);
      await client.publishAsync(topic, payload, toClientOptions(publishOptions));
    },
    clear: () => {
      messages = [];
    },
    [Symbol.asyncDispose]: async () => {
      await end(client);
      const complaints = ear.complaints();
      if (complaints.length > 0) throw new Error(`Home Assistant would complain:\n${complaints.join("\n")}`);
    },
  };
}

function end(client: MqttClient): Promise<void> {
  return client.endAsync(!client.connected);
}

function messageFrom(topic: string, payload: Buffer, packet: IPublishPacket): BedMessage {
  const { correlationData, responseTopic } = packet.properties ?? {};
  return {
    topic,
    payload: payload.toString("utf8"),
    retain: packet.retain,
    qos: packet.qos,
    time: Date.now(),
    ...(correlationData === undefined ? {} : { correlationData }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
  };
}

/** An empty retained message takes the topic's retained message away. */
function keep(retained: Map<string, string>, { topic, payload }: BedMessage): void {
  if (payload === "") retained.delete(topic);
  else retained.set(topic, payload);
}

function toClientOptions(options: PublishOptions = {}): IClientPublishOptions {
  const { retain = false, qos = 1, responseTopic, correlationData } = options;
  const properties = {
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
  return { retain, qos, ...(Object.keys(properties).length === 0 ? {} : { properties }) };
}

function until<T>(
  seen: Seen,
  waiting: Set<() => void>,
  find: (seen: Seen) => T | undefined | false,
  ms: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      waiting.delete(look);
      act();
    };
    const look = () => {
      try {
        const found = find(seen);
        if (found !== undefined && found !== false) settle(() => resolve(found));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const timer = setTimeout(() => {
      const last = seen.messages.slice(-20).map(({ topic, payload }) => `${topic} ${payload.slice(0, 200)}`);
      settle(() => reject(new Error(`not seen within ${ms} ms; the last messages were:\n${last.join("\n")}`)));
    }, ms);
    waiting.add(look);
    look();
  });
}
