import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";
import { GangwayError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

export interface EmbeddedBrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whoever connects must give these; without them anyone may, which is for loopback only. */
  readonly username?: string;
  readonly password?: string;
}

export interface EmbeddedBroker extends AsyncDisposable {
  readonly port: number;
}

const largestPacketBytes = 1024 * 1024;

/**
 * A broker inside this process, for those who have none: MQTT 3.1.1 and 5. Retained messages are kept in memory only;
 * Gangway publishes its own again at every connection.
 */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions, log: Log): Promise<EmbeddedBroker> {
  const aedes = new Aedes({
    maximumPacketSize: largestPacketBytes,
    authenticate: (_client, username, password, done) => done(null, isAllowed(options, username, password)),
  });
  await aedes.listen();
  aedes.on("clientError", (client, error) => log.debug({ client: client.id, err: error }, "broker client failed"));
  aedes.on("connectionError", (_client, error) => log.debug({ err: error }, "broker connection failed"));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    aedes.handle(socket);
  });
  try {
    server.listen(options.port, options.host);
    await once(server, "listening");
  } catch (cause) {
    aedes.close();
    const address = `${options.host}:${options.port}`;
    throw new GangwayError(
      "listen_failed",
      `The embedded broker cannot listen on ${address}; is another broker running there? ` +
        "Set mqtt.url to use that one, or mqtt.embedded.listen to another address",
      { cause },
    );
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  log.info({ address: `${options.host}:${port}` }, "embedded broker listens");
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
}

function isAllowed(
  options: EmbeddedBrokerOptions,
  username: string | undefined,
  password: Readonly<Buffer> | undefined,
): boolean {
  if (options.username === undefined || options.password === undefined) return true;
  const nameMatches = sameText(username ?? "", options.username);
  const passwordMatches = sameText(password?.toString("utf8") ?? "", options.password);
  return nameMatches && passwordMatches;
}

/** Compares in a time that tells nothing of where, or whether, the texts differ. */
function sameText(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
