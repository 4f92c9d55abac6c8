import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Broker, BrokerListener, BrokerMessage, BrokerSession, Publication } from "../core/ports.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { isWorthALine } from "../lib/repeated.ts";
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
/** A broker that ends one session after the other gets a longer rest: each of them costs it everything retained. */
const usualSlowestReturnMs = 30_000;
/** A session that lasted this long was a good one. */
const steadyMs = 30_000;
const farewellMs = 1_000;
/** MQTT 5, section 3.1.2.11.3: what a broker takes that does not say. */
const usualReceiveMaximum = 65_535;
/** Reason codes from here on are refusals. */
const firstRefusal = 0x80;
/** CONNACK of MQTT 3.1.1 and of 5: the broker does not speak this version of the protocol. */
const versionRefusals: readonly unknown[] = [1, 132];

/**
 * A connection that is opened again whenever it is lost. Each life of it is a session of its own with nothing carried
 * over: what was not acknowledged is not sent later by itself, so an old state can never follow a newer one.
 * MQTT 5 is spoken, and 3.1.1 with a broker that does not know it. After sessions that were all short it waits for
 * `slowestReturnMs` milliseconds at most.
 */
export function createBroker(options: BrokerOptions, log: Log, slowestReturnMs = usualSlowestReturnMs): Broker {
  return {
    run: async (listener, signal) => {
      let protocolVersion: 4 | 5 = 5;
      let failures = 0;
      let shortLives = 0;
      while (!signal.aborted) {
        const client = mqtt.connect(options.url, clientOptions(options, protocolVersion));
        // Without a listener a late socket error would end the process; `close` follows and is dealt with.
        client.on("error", () => {});
        let restMs: number;
        try {
          const receiveMaximum = await connected(client, signal);
          const began = performance.now();
          const isNews = failures > 0 || isWorthALine(shortLives);
          if (isNews) log.info({ protocol: protocolVersion === 5 ? "5" : "3.1.1" }, "broker is connected");
          failures = 0;
          await live(client, receiveMaximum, options.farewell, listener, signal);
          if (isNews && !signal.aborted) log.warn({}, "broker connection was lost");
          shortLives = performance.now() - began >= steadyMs ? 0 : shortLives + 1;
          restMs = backoff(shortLives, firstRetryMs / 2, slowestReturnMs);
        } catch (error) {
          if (protocolVersion === 5 && isVersionRefusal(error)) {
            protocolVersion = 4;
            continue;
          }
          if (isWorthALine(failures) && !signal.aborted)
            log.warn({ err: error }, "broker is not reachable, still trying");
          restMs = backoff(failures++, firstRetryMs, slowestRetryMs);
        } finally {
          client.end(true);
        }
        await pause(restMs, signal);
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
    // It would make 65,536 buffers at the first packet, one for each number that could ever be written: 8 MiB.
    writeCache: false,
    ...(farewell === undefined ? {} : { will: { ...farewell, payload: Buffer.from(farewell.payload) } }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Resolves with the number of unacknowledged messages that the broker takes at a time. */
function connected(client: MqttClient, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (error: unknown): void => {
    const message = `The broker could not be reached: ${messageOf(error)}`;
    reject(new GangwayError("broker_unreachable", message, { cause: error }));
  };
  const abort = (): void => fail(signal.reason);
  client.once("connect", ({ properties }) => resolve(properties?.receiveMaximum ?? usualReceiveMaximum));
  client.once("error", fail);
  client.once("close", () => fail(new Error("the connection was closed")));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort);
  return promise.finally(() => signal.removeEventListener("abort", abort));
}

function isVersionRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && versionRefusals.includes(cause.code);
}

/** Serves one session until the connection is lost, or says farewell when `signal` aborts. */
async function live(
  client: MqttClient,
  receiveMaximum: number,
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
    // One is kept for the farewell.
    inFlight: Math.max(1, receiveMaximum - 1),
    publish: (publication) => publish(client, publication),
    unsubscribe: async (filters) => {
      await client.unsubscribeAsync([...filters]);
    },
    subscribe: async (filters, kind = "all") => {
      // Retain as published (`rap`): a command that was sent retained can be told from a live one. Retain handling
      // (`rh`) 2: nothing of what the broker keeps. Without both the flag says "kept by the broker", as by MQTT 3.1.1.
      await client.subscribeAsync([...filters], kind === "all" ? { qos: 1, rap: true } : { qos: 1, rh: 2 });
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
  const { topic, payload, retain, qos, correlationData, expirySeconds } = publication;
  const properties = {
    ...(correlationData === undefined ? {} : { correlationData }),
    ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
  };
  try {
    await client.publishAsync(topic, payload, {
      qos,
      retain,
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
    });
  } catch (cause) {
    const isRefusal = codeOf(cause) >= firstRefusal;
    const what = isRefusal ? "refused a message" : "did not take a message";
    throw new GangwayError(
      isRefusal ? "broker_refused" : "broker_unreachable",
      `The broker ${what}: ${messageOf(cause)}`,
    );
  }
}

/** The MQTT reason code of an error of MQTT.js; 0 where it has none. */
function codeOf(error: unknown): number {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : 0;
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
