import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Broker, BrokerMessage, BrokerSession, Publication } from "../../src/core/ports.ts";
import { createLog, createSecrets } from "../../src/lib/log.ts";
import { type BrokerOptions, createBroker } from "../../src/mqtt/connection.ts";
import { type EmbeddedBroker, openEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { makeCertificate } from "../bed/certificate.ts";
import { startMosquitto } from "../bed/mosquitto.ts";
import { type BedClient, connectClient } from "../bed/mqtt-client.ts";
import { eventually } from "../bed/wait.ts";

let bed: Bed;
beforeAll(async () => {
  bed = await openBed({ broker: true });
});
afterAll(() => bed?.[Symbol.asyncDispose]());

const written: string[] = [];
const secrets = createSecrets();
const log = createLog({ level: "debug", output: { write: (text) => written.push(text) }, secrets });
const farewell: Publication = { topic: "gangway/x/status", payload: "offline", retain: true, qos: 1 };

afterEach(() => {
  written.length = 0;
});

/** A connection of Gangway's with what it heard. */
interface Connected extends AsyncDisposable {
  readonly session: BrokerSession;
  readonly heard: () => readonly BrokerMessage[];
  readonly sessions: () => number;
}

async function connected(options: Omit<BrokerOptions, "clientId">): Promise<Connected> {
  const stop = new AbortController();
  const first = Promise.withResolvers<BrokerSession>();
  const heard: BrokerMessage[] = [];
  let sessions = 0;
  const broker: Broker = createBroker({ clientId: `test-${Math.random()}`, ...options }, log);
  const running = broker.run(
    {
      onSession: (session) => {
        sessions += 1;
        first.resolve(session);
      },
      onMessage: (message) => heard.push(message),
    },
    stop.signal,
  );
  return {
    session: await first.promise,
    heard: () => heard,
    sessions: () => sessions,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

/**
 * A front before a broker that answers as one that has never heard of MQTT 5: CONNACK with return code 1 (MQTT 3.1.1,
 * section 3.2.2.3). Debian's mosquitto cannot be told to.
 */
async function openOldFront(target: number): Promise<AsyncDisposable & { readonly port: number }> {
  const protocolLevelAt = 8;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (hello: Buffer) => {
      if (hello.readUInt8(protocolLevelAt) === 5) {
        socket.end(Buffer.from([0x20, 0x02, 0x00, 0x01]));
        return;
      }
      const upstream = connect(target, "127.0.0.1");
      upstream.on("error", () => socket.destroy());
      upstream.write(hello);
      socket.pipe(upstream).pipe(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

describe("a connection to a broker", () => {
  it("publishes, subscribes, and says farewell before a clean end", async () => {
    await using client = await bed.broker.connect();
    await using here = await connected({ url: bed.broker.url, farewell });
    await here.session.subscribe(["in/#"]);

    await here.session.publish({ topic: "out", payload: "grüezi", retain: true, qos: 1 });
    await client.until(({ retained }) => retained("out") === "grüezi");
    await client.publish("in/a", "live", { responseTopic: "r", correlationData: Buffer.from("c") });
    await client.publish("in/b", "kept", { retain: true });
    await eventually(() => here.heard().length === 2, "both messages", 5_000);

    expect(here.heard()).toMatchObject([
      { topic: "in/a", payload: "live", retained: false, responseTopic: "r", correlationData: Buffer.from("c") },
      { topic: "in/b", payload: "kept", retained: true },
    ]);
    await here[Symbol.asyncDispose]();
    await client.until(({ retained }) => retained("gangway/x/status") === "offline");
  });

  it.each([4, 5] as const)("can tell a birth of now from a kept one, by MQTT version %i", async (version) => {
    await using client = await bed.broker.connect();
    await client.publish("birth/kept", "old", { retain: true });
    await using front = version === 4 ? await openOldFront(bed.broker.port) : undefined;
    const port = front?.port ?? bed.broker.port;
    await using here = await connected({ url: `mqtt://127.0.0.1:${port}` });

    await here.session.subscribe(["birth/+"], "live");
    await client.publish("birth/kept", "new", { retain: true });
    await eventually(() => here.heard().some(({ payload }) => payload === "new"), "the birth", 5_000);

    expect(here.heard().filter(({ retained }) => !retained)).toMatchObject([{ payload: "new" }]);
    await client.publish("birth/kept", "", { retain: true });
  });

  it("falls back to MQTT 3.1.1 with a broker that knows nothing newer", async () => {
    await using client = await bed.broker.connect();
    await using front = await openOldFront(bed.broker.port);

    await using here = await connected({ url: `mqtt://127.0.0.1:${front.port}`, farewell });
    await here.session.publish({ topic: "out", payload: "by 3.1.1", retain: false, qos: 1 });

    await client.until(({ messages }) => messages.find(({ payload }) => payload === "by 3.1.1"));
    expect(written.join("")).toContain('"protocol":"3.1.1"');
  });

  it("trusts the authority that it is given, and no other", async () => {
    const directory = bed.directory;
    const { key, cert, caFile } = await makeCertificate(directory);
    await writeFile(join(directory, "broker.key"), key);
    await writeFile(join(directory, "broker.pem"), cert);
    const port = await startMosquitto(bed, "tls", [
      "allow_anonymous true",
      `keyfile ${join(directory, "broker.key")}`,
      `certfile ${join(directory, "broker.pem")}`,
    ]);
    const url = `mqtts://127.0.0.1:${port}`;

    await using here = await connected({ url, ca: await readFile(caFile, "utf8"), farewell });
    await here.session.publish({ topic: "out", payload: "x", retain: false, qos: 1 });

    const stop = new AbortController();
    const running = createBroker({ url, clientId: "untrusting", farewell }, log).run(
      { onSession: () => expect.unreachable(), onMessage: () => {} },
      stop.signal,
    );
    await eventually(() => written.join("").includes("broker is not reachable"), "the refusal", 5_000);
    stop.abort();
    await running;
    expect(written.join("")).toMatch(/self-signed|unable to verify|certificate/);
  });

  it("keeps trying with a wrong password, and never writes it down", async () => {
    secrets.register("very-secret-password");
    await using locked = await openBed({ broker: { credentials: { username: "me", password: "right" } } });
    const stop = new AbortController();
    const options = {
      url: locked.broker.url,
      clientId: "x",
      username: "me",
      password: "very-secret-password",
      farewell,
    };
    const running = createBroker(options, log).run(
      { onSession: () => expect.unreachable(), onMessage: () => {} },
      stop.signal,
    );

    await eventually(() => written.join("").includes("broker is not reachable"), "the refusal", 5_000);
    stop.abort();
    await running;

    expect(written.join("")).toMatch(/Not authorized|Bad user ?name or password/i);
    expect(written.join("")).not.toContain("very-secret-password");
  });

  it("begins a new session after each loss, and sends nothing of the old one", async () => {
    await using here = await connected({ url: bed.broker.url, farewell });
    const { session } = here;

    await bed.broker.kill();
    await eventually(() => session.closed.aborted, "the end of the session", 5_000);
    await expect(session.publish({ topic: "late", payload: "x", retain: true, qos: 1 })).rejects.toThrow();
    await bed.broker.start();
    await eventually(() => here.sessions() === 2, "a new session", 10_000);
    await using client = await bed.broker.connect();
    await client.publish("marker", "x", { retain: true });

    await client.until(({ retained }) => retained("marker"));
    expect(client.retained("late")).toBeUndefined();
  });
});

describe("the embedded broker", () => {
  async function opened(
    credentials: { readonly username?: string; readonly password?: string } = {},
  ): Promise<EmbeddedBroker> {
    return await openEmbeddedBroker({ host: "127.0.0.1", port: 0, ...credentials }, log);
  }
  const urlOf = ({ port }: EmbeddedBroker): string => `mqtt://127.0.0.1:${port}`;

  it.each([4, 5] as const)("serves clients of MQTT version %i, retained messages included", async (protocolVersion) => {
    await using broker = await opened();
    await using here = await connected({ url: urlOf(broker), farewell });
    await here.session.publish({ topic: "kept", payload: "yes", retain: true, qos: 1 });

    await using client: BedClient = await connectClient(urlOf(broker), { protocolVersion });

    await client.until(({ messages }) => messages.find(({ topic, payload }) => topic === "kept" && payload === "yes"));
  });

  it("carries response topics and correlation data, and marks what is retained", async () => {
    await using broker = await opened();
    await using here = await connected({ url: urlOf(broker), farewell });
    await here.session.subscribe(["in/#"]);
    await using client = await connectClient(urlOf(broker));

    await client.publish("in/live", "1", { responseTopic: "r", correlationData: Buffer.from("c") });
    await eventually(() => here.heard().length === 1, "the message", 5_000);

    expect(here.heard()[0]).toMatchObject({ retained: false, responseTopic: "r", correlationData: Buffer.from("c") });
  });

  it("publishes the will of a client that dies", async () => {
    await using broker = await opened();
    const here = await connected({ url: urlOf(broker), farewell });
    await using client = await connectClient(urlOf(broker));

    await here[Symbol.asyncDispose]();

    await client.until(({ retained }) => retained("gangway/x/status") === "offline");
  });

  it.each([
    ["without credentials", {}],
    ["with a wrong password", { username: "me", password: "wrong" }],
    ["with a wrong user name", { username: "you", password: "right" }],
  ])("refuses a client %s, where it has credentials", async (_, credentials) => {
    await using broker = await opened({ username: "me", password: "right" });

    await expect(connectClient(urlOf(broker), credentials)).rejects.toThrow();
    await using welcome = await connectClient(urlOf(broker), { username: "me", password: "right" });
    await welcome.publish("x", "y");
  });

  it("survives garbage on its port", async () => {
    await using broker = await opened();
    const socket = connect(broker.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(Buffer.alloc(10_000, 0xff));
    await eventually(() => socket.destroyed, "the broker to close it", 5_000);

    await using client = await connectClient(urlOf(broker));
    await client.publish("x", "y");
  });

  it("says which setting to change when its port is taken", async () => {
    await using broker = await opened();

    await expect(openEmbeddedBroker({ host: "127.0.0.1", port: broker.port }, log)).rejects.toMatchObject({
      code: "listen_failed",
      message: expect.stringContaining("mqtt.embedded.listen"),
    });
  });
});
