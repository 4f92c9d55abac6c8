import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Daemon, startDaemon } from "./daemon.ts";
import { type BedClient, type ClientOptions, connectClient } from "./mqtt-client.ts";
import { canConnect, freePort } from "./ports.ts";
import { run } from "./programs.ts";
import { eventually } from "./wait.ts";

/** A mosquitto on 127.0.0.1 that keeps nothing: after a restart its retained messages are gone. */
export interface BedBroker {
  readonly port: number;
  /** `mqtt://127.0.0.1:<port>` */
  readonly url: string;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Ends it without a word to its clients. */
  readonly kill: () => Promise<void>;
  /** A client that has subscribed to everything; with the broker's credentials, if it wants some. */
  readonly connect: (options?: ClientOptions) => Promise<BedClient>;
  readonly log: () => string;
}

export interface BrokerOptions {
  /** Absent: everybody may come in. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** Starts Debian's mosquitto on a free port. */
export async function openBroker(directory: string, options: BrokerOptions = {}): Promise<BedBroker> {
  const { credentials } = options;
  const passwordFile = credentials === undefined ? undefined : join(directory, "broker.passwords");
  if (passwordFile !== undefined && credentials !== undefined) {
    await run("mosquitto_passwd", ["-c", "-b", passwordFile, credentials.username, credentials.password]);
  }
  let daemon: Daemon | undefined;
  const start = async (port: number) => {
    const configFile = join(directory, "broker.conf");
    await writeFile(configFile, configText(port, passwordFile));
    daemon = await startBroker(directory, configFile, port);
  };
  const port = await startSomewhere(start);
  return brokerAt(port, options, {
    start: () => start(port),
    stop: async () => daemon?.end("SIGTERM", 5_000),
    kill: async () => daemon?.end("SIGKILL", 5_000),
    log: () => daemon?.log() ?? "",
  });
}

/** A broker that listens on 127.0.0.1:`port` and is started and stopped by `controls`. */
export function brokerAt(
  port: number,
  { credentials }: BrokerOptions,
  controls: Pick<BedBroker, "start" | "stop" | "kill" | "log">,
): BedBroker {
  const url = `mqtt://127.0.0.1:${port}`;
  return {
    port,
    url,
    ...controls,
    connect: (clientOptions) => connectClient(url, { ...credentials, ...clientOptions }),
  };
}

/** Between finding a free port and using it another process may take it; then the next is tried. */
async function startSomewhere(start: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await start(port);
      return port;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function startBroker(directory: string, configFile: string, port: number): Promise<Daemon> {
  const daemon = await startDaemon({ directory, name: "broker", command: "mosquitto", args: ["-c", configFile] });
  const answers = () => {
    if (!daemon.isRunning()) throw new Error(`the broker ended at its start:\n${daemon.log()}`);
    return canConnect(port);
  };
  await eventually(answers, "the broker to answer", 10_000);
  return daemon;
}

function configText(port: number, passwordFile: string | undefined): string {
  return [
    `listener ${port} 127.0.0.1`,
    "persistence false",
    "log_dest stderr",
    // Otherwise it would give up root and could not read the bed's files.
    "user root",
    ...(passwordFile === undefined
      ? ["allow_anonymous true"]
      : ["allow_anonymous false", `password_file ${passwordFile}`]),
    "",
  ].join("\n");
}
