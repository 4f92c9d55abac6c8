import { EventEmitter, getEventListeners, on, once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BrokerSession, Publication } from "../../src/core/ports.ts";
import { createLog, createSecrets } from "../../src/lib/log.ts";
import { createBroker } from "../../src/mqtt/connection.ts";

/* A broker that misbehaves as no real one can be made to: it answers each packet by a script, byte by byte. */

/** MQTT 5, packet types in the first half byte. */
const packet = { connect: 1, publish: 3, subscribe: 8 } as const;
const connack = (properties: readonly number[] = []): Buffer =>
  Buffer.from([0x20, 3 + properties.length, 0, 0, properties.length, ...properties]);
const puback = (id: number, reason: number): Buffer => Buffer.from([0x40, 4, id >> 8, id & 0xff, reason, 0]);

let server: Server;
let events: EventEmitter<{ connection: [number]; packet: [number] }>;
let answer: (type: number, socket: Socket, bytes: Buffer) => void;
let stop: AbortController;
let running: Promise<void> | undefined;
const lines: string[] = [];
const log = createLog({ level: "debug", output: { write: (text) => lines.push(text) }, secrets: createSecrets() });

beforeEach(async () => {
  lines.length = 0;
  stop = new AbortController();
  events = new EventEmitter();
  server = createServer((socket) => {
    socket.on("error", () => {});
    events.emit("connection", performance.now());
    socket.on("data", (bytes: Buffer) => {
      for (const one of packetsIn(bytes)) answer(one.readUInt8() >> 4, socket, one);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  stop.abort();
  await running;
  server.close();
});

/** The packets in what was read: all of them are short here, and none is cut in two. */
function packetsIn(bytes: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt8(at + 1);
    expect(length).toBeLessThan(128);
    found.push(bytes.subarray(at, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

/** The identifier of a PUBLISH. */
function idIn(bytes: Buffer): number {
  return bytes.readUInt16BE(4 + bytes.readUInt16BE(2));
}

function run(onSession: (session: BrokerSession) => void = () => {}): void {
  const { port } = server.address() as AddressInfo;
  const broker = createBroker({ url: `mqtt://127.0.0.1:${port}`, clientId: "test" }, log);
  running = broker.run({ onSession, onMessage: () => {} }, stop.signal);
}

/** The times of the first `count` connections. */
async function connections(count: number): Promise<readonly number[]> {
  const times: number[] = [];
  const seen = on(events, "connection");
  run();
  for await (const [time] of seen as AsyncIterable<[number]>) if (times.push(time) === count) break;
  return times;
}

const message = (topic: string): Publication => ({ topic, payload: "x", retain: true, qos: 1 });

describe("a broker that ends every session at once", () => {
  beforeEach(() => {
    answer = (type, socket) => {
      if (type === packet.connect) socket.end(connack());
    };
  });

  it("is asked ever more seldom, and the log is not filled with it", async () => {
    const [first = 0, second = 0, , fourth = 0, fifth = 0] = await connections(5);

    expect(second - first).toBeGreaterThan(100);
    expect(fifth - fourth).toBeGreaterThan(1_000);
    expect(lines.filter((line) => line.includes("broker is connected")).length).toBeLessThan(3);
    expect(lines.filter((line) => line.includes("connection was lost")).length).toBeLessThan(3);
  });
});

describe("a broker that cannot be reached", () => {
  it("leaves no listeners behind, however often it is tried", async () => {
    answer = (_, socket) => socket.destroy();

    await connections(5);

    expect(getEventListeners(stop.signal, "abort").length).toBeLessThan(3);
  });
});

describe("a session", () => {
  async function session(): Promise<BrokerSession> {
    const opened = Promise.withResolvers<BrokerSession>();
    run(opened.resolve);
    return await opened.promise;
  }

  it("knows how many messages the broker takes at a time, and keeps one of them for the farewell", async () => {
    const receiveMaximum = [0x21, 0, 5];
    answer = (type, socket) => {
      if (type === packet.connect) socket.write(connack(receiveMaximum));
    };

    expect((await session()).inFlight).toBe(4);
  });

  it.each([
    ["for want of a right", 0x87, "Not authorized"],
    ["for a quota", 0x97, "Quota exceeded"],
  ])("tells of a message that the broker refuses %s, and goes on", async (_, reason, words) => {
    answer = (type, socket, bytes) => {
      if (type === packet.connect) socket.write(connack());
      if (type === packet.publish) socket.write(puback(idIn(bytes), bytes.includes("secret") ? reason : 0));
    };
    const opened = await session();

    await expect(opened.publish(message("secret"))).rejects.toMatchObject({
      code: "broker_refused",
      message: expect.stringContaining(words),
    });
    await opened.publish(message("public"));

    expect(opened.closed.aborted).toBe(false);
  });

  it("takes a message that nobody listens to as published", async () => {
    const noMatchingSubscribers = 0x10;
    answer = (type, socket, bytes) => {
      if (type === packet.connect) socket.write(connack());
      if (type === packet.publish) socket.write(puback(idIn(bytes), noMatchingSubscribers));
    };

    await (await session()).publish(message("x"));
  });
});
