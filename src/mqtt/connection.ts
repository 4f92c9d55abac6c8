import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Broker, BrokerListener, BrokerMessage, BrokerSession, Publication } from "../core/ports.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { backoff, pause, untilAborted } from "../lib/time.ts";

/** Which broker, as whom, and what to say when the connection is lost. */
export interface BrokerOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://` */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** Contents of the PEM files. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The last will; it is also sent before a clean end, for then the broker does not send it. */
  readonly farewell?: Publication;
}

const connectTimeoutMs = 10_000;
const keepaliveSeconds = 30;
const firstRetryMs = 200;
const slowestRetryMs = 2_000;
const farewellMs = 1_000;
/** CONNACK of MQTT 3.1.1 and of 5: the broker does not speak this version of the protocol. */
const versionRefusals: readonly unknown[] = [1, 132];

/**
 * A connection that is opened again whenever it is lost. Each life of it is a session of its own with nothing carried
 * over: what was not acknowledged is not sent later by itself, so an old state can never follow a newer one.
 * MQTT 5 is spoken, and 3.1.1 with a broker that does not know it.
 */
export function createBroker(options: BrokerOptions, log: Log): Broker {
  return {
    run: async (listener, signal) => {
      let protocolVersion: 4 | 5 = 5;
      let failures = 0;
      while (!signal.aborted) {
        const client = mqtt.connect(options.url, clientOptions(options, protocolVersion));
        // Without a listener a late socket error would end the process; `close` follows and is dealt with.
        client.on("error", () => {});
        try {
          await connected(client, signal);
          log.info({ protocol: protocolVersion === 5 ? "5" : "3.1.1" }, "broker is connected");
          failures = 0;
          await live(client, options.farewell, listener, signal);
          if (!signal.aborted) log.warn({}, "broker connection was lost");
        } catch (error) {
          if (protocolVersion === 5 && isVersionRefusal(error)) {
            protocolVersion = 4;
            continue;
          }
          if (failures === 0 && !signal.aborted) log.warn({ err: error }, "broker is not reachable, still trying");
          await pause(backoff(failures++, firstRetryMs, slowestRetryMs), signal);
        } finally {
          client.end(true);
        }
      }
    },
  };
}

function clientOptions(options: BrokerOptions, protocolVersion: 4 | 5): IClientOptions {
  const { clientId, username, password, ca, cert, key, farewell } = options;
  return {
    clientId,
    protocolVersion,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: connectTimeoutMs,
    keepalive: keepaliveSeconds,
    resubscribe: false,
    queueQoSZero: false,
    ...(farewell === undefined ? {} : { will: { ...farewell, payload: Buffer.from(farewell.payload) } }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function connected(client: MqttClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      const message = `The broker could not be reached: ${messageOf(error)}`;
      reject(new GangwayError("broker_unreachable", message, { cause: error }));
    };
    client.once("connect", () => resolve());
    client.once("error", fail);
    client.once("close", () => fail(new Error("the connection was closed")));
    if (signal.aborted) fail(signal.reason);
    else signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  });
}

function isVersionRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && versionRefusals.includes(cause.code);
}

/** Serves one session until the connection is lost, or says farewell when `signal` aborts. */
async function live(
  client: MqttClient,
  farewell: Publication | undefined,
  listener: BrokerListener,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const over = Promise.withResolvers<void>();
  const finish = (): void => over.resolve();
  client.once("close", finish);
  signal.addEventListener("abort", finish, { once: true });
  client.on("message", (topic, payload, packet) => listener.onMessage(messageFrom(topic, payload, packet)));
  const session: BrokerSession = {
    closed: ended.signal,
    publish: (publication) => publish(client, publication),
    subscribe: async (filters) => {
      // Retain as published: a command that was sent retained can be told from a live one.
      await client.subscribeAsync([...filters], { qos: 1, rap: true });
    },
  };
  if (client.connected && !signal.aborted) listener.onSession(session);
  else finish();
  await over.promise;
  signal.removeEventListener("abort", finish);
  if (signal.aborted && client.connected) await leave(client, farewell);
  ended.abort();
}

/** Says farewell and closes the connection; a broker that does not answer is not waited for. */
async function leave(client: MqttClient, farewell: Publication | undefined): Promise<void> {
  const patience = AbortSignal.timeout(farewellMs);
  if (farewell !== undefined) await Promise.race([publish(client, farewell).catch(() => {}), untilAborted(patience)]);
  await Promise.race([client.endAsync(), untilAborted(patience)]);
}

async function publish(client: MqttClient, publication: Publication): Promise<void> {
  const { topic, payload, retain, qos, correlationData } = publication;
  await client.publishAsync(topic, payload, {
    qos,
    retain,
    ...(correlationData === undefined ? {} : { properties: { correlationData } }),
  });
}

interface ReceivedPacket {
  readonly retain?: boolean;
  readonly properties?: { readonly responseTopic?: string; readonly correlationData?: Buffer };
}

function messageFrom(topic: string, payload: Buffer, packet: ReceivedPacket): BrokerMessage {
  const { responseTopic, correlationData } = packet.properties ?? {};
  return {
    topic,
    payload: payload.toString("utf8"),
    retained: packet.retain === true,
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
}
