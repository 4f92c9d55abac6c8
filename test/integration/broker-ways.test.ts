import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { type Certificate, makeCertificate } from "../bed/certificate.ts";
import { startMosquitto } from "../bed/mosquitto.ts";
import { type BedClient, connectClient } from "../bed/mqtt-client.ts";
import { freePort } from "../bed/ports.ts";
import { run } from "../bed/programs.ts";
import { openWebSocketFront } from "../bed/websocket-front.ts";
import { type GangwayProcess, startGangway } from "../gangway.ts";

/* The ways to a broker as users configure them, with the whole program. There is no engine: that is not the subject. */

const credentials = { username: "gangway", password: "correct horse" };

let bed: Bed;
let certificate: Certificate;
let files: Readonly<Record<"key" | "cert" | "password" | "wrong" | "users", string>>;
let gangway: GangwayProcess | undefined;
/** Another one each time: what the ones before have left on the broker proves nothing. */
let node: string;
let runs = 0;

beforeAll(async () => {
  bed = await openBed({ broker: { credentials } });
  certificate = await makeCertificate(bed.directory);
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(bed.directory, name);
    await writeFile(path, text);
    return path;
  };
  const users = join(bed.directory, "users");
  await run("mosquitto_passwd", ["-c", "-b", users, credentials.username, credentials.password]);
  files = {
    key: await file("ways.key", certificate.key),
    cert: await file("ways.pem", certificate.cert),
    password: await file("password", `${credentials.password}\n`),
    wrong: await file("wrong", "not this one"),
    users,
  };
});
afterEach(async () => {
  await gangway?.[Symbol.asyncDispose]();
  gangway = undefined;
});
afterAll(() => bed?.[Symbol.asyncDispose]());

type Section = Readonly<Record<string, unknown>>;

async function start(mqtt: Section, environment: Readonly<Record<string, string>> = {}): Promise<GangwayProcess> {
  node = `run${++runs}`;
  const engines = [{ node, host: "unix:///nowhere/docker.sock" }];
  const config = { engines, mqtt, http: { listen: "127.0.0.1:0" }, log: { level: "debug" } };
  gangway = await startGangway(bed, { config, environment });
  return gangway;
}

/** Gangway is there: its status, and its device, which a Home Assistant on this broker would see. */
async function seen(client: BedClient): Promise<void> {
  await client.until(({ retained }) => retained(`gangway/${node}/status`) === "online", 40_000);
  await client.until(({ retained }) => retained(`homeassistant/device/gangway_${node}/config`));
  await client.until(({ retained }) => retained(`gangway/${node}/engine`) === "offline");
}

describe("a broker with credentials", () => {
  it("is reached with a user name of the file and a password from a file of its own", async () => {
    await start(
      { url: bed.broker.url, username: credentials.username },
      { GANGWAY_MQTT__PASSWORD_FILE: files.password },
    );

    await using client = await bed.broker.connect();
    await seen(client);
  });

  it("is reached with both from files", async () => {
    const username = join(bed.directory, "username");
    await writeFile(username, credentials.username);
    await start(
      { url: bed.broker.url },
      { GANGWAY_MQTT__USERNAME_FILE: username, GANGWAY_MQTT__PASSWORD_FILE: files.password },
    );

    await using client = await bed.broker.connect();
    await seen(client);
  });

  it("is not reached with a wrong password, which stands in no line of the log", async () => {
    const { logged, log } = await start(
      { url: bed.broker.url, username: credentials.username },
      { GANGWAY_MQTT__PASSWORD_FILE: files.wrong },
    );

    await logged(({ msg }) => msg.startsWith("broker is not reachable"));
    expect(JSON.stringify(log())).toMatch(/Not authorized/i);
    expect(JSON.stringify(log())).not.toContain("not this one");
  });
});

describe("a broker with TLS", () => {
  const secured = async (name: string, ...lines: readonly string[]): Promise<number> =>
    await startMosquitto(bed, name, [`keyfile ${files.key}`, `certfile ${files.cert}`, ...lines]);

  it("is reached where its authority is trusted, and not where it is not", async () => {
    const port = await secured("tls", "allow_anonymous true");
    const url = `mqtts://127.0.0.1:${port}`;
    await (await start({ url })).logged(({ msg }) => msg.startsWith("broker is not reachable"));
    await gangway?.stop();

    await start({ url, ca_file: certificate.caFile });

    await using client = await connectClient(url, { caFile: certificate.caFile });
    await seen(client);
  });

  it("that wants a certificate of its clients is reached with one, and not without", async () => {
    const port = await secured(
      "mutual",
      `cafile ${certificate.caFile}`,
      "require_certificate true",
      "use_identity_as_username true",
    );
    const mqtt = { url: `mqtts://127.0.0.1:${port}`, ca_file: certificate.caFile };
    await (await start(mqtt)).logged(({ msg }) => msg.startsWith("broker is not reachable"));
    await gangway?.stop();

    await start({ ...mqtt, cert_file: files.cert, key_file: files.key });

    const tls = { caFile: certificate.caFile, certFile: files.cert, keyFile: files.key };
    await using client = await connectClient(mqtt.url, tls);
    await seen(client);
  });
});

describe("a broker behind WebSocket", () => {
  it("is reached, credentials and path included", async () => {
    await using front = await openWebSocketFront(bed.broker.port);

    await start(
      { url: `ws://127.0.0.1:${front.port}/mqtt`, username: credentials.username },
      { GANGWAY_MQTT__PASSWORD_FILE: files.password },
    );

    await using client = await bed.broker.connect();
    await seen(client);
    expect(new Set(front.asked())).toEqual(new Set(["mqtt"]));
  });

  it("with TLS is reached where its authority is trusted, and not where it is not", async () => {
    await using front = await openWebSocketFront(bed.broker.port, certificate);
    const mqtt = { url: `wss://localhost:${front.port}`, ...credentials };
    await (await start(mqtt)).logged(({ msg }) => msg.startsWith("broker is not reachable"));
    expect(front.asked()).toEqual([]);
    await gangway?.stop();

    await start({ ...mqtt, ca_file: certificate.caFile });

    await using client = await bed.broker.connect();
    await seen(client);
  });
});

describe("the embedded broker", () => {
  it("serves a Home Assistant that shows the credentials, and nobody else", async () => {
    const port = await freePort();
    const url = `mqtt://127.0.0.1:${port}`;
    const { logged } = await start(
      { embedded: { listen: `127.0.0.1:${port}`, username: "homeassistant" } },
      { GANGWAY_MQTT__EMBEDDED__PASSWORD_FILE: files.password },
    );
    await logged(({ msg }) => msg === "embedded broker listens");

    await expect(connectClient(url)).rejects.toThrow();
    await expect(connectClient(url, { username: "homeassistant", password: "wrong" })).rejects.toThrow();
    await using client = await connectClient(url, { username: "homeassistant", password: credentials.password });
    await seen(client);
    await client.publish(`gangway/${node}/command/explode`, "", { responseTopic: "answers/here" });
    await client.until(({ messages }) => messages.find(({ topic }) => topic === "answers/here"));
  });
});
