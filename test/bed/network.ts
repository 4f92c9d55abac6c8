import { spawn } from "node:child_process";
import { once } from "node:events";
import { Server, type Socket } from "node:net";
import { join } from "node:path";
import { programEnvironment, run } from "./programs.ts";
import { namespaceOf, removeNamespace, runIn } from "./traces.ts";

/**
 * A network namespace for an engine of its own. Engines share nothing then: starting one flushes the port rules of all
 * others in its namespace (libnetwork's `removeIPChains`), the machine's own engine included.
 */
export interface BedNetwork {
  readonly namespace: string;
  /** Where the host reaches what is published inside; undefined without a cable. */
  readonly address: string | undefined;
  /** Gives every connection that is made inside to 127.0.0.1:`port` to `accept`, which runs outside, here. */
  readonly listenInside: (port: number, accept: (socket: Socket) => void) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Addresses of RFC 2544, which are for tests and routed nowhere: 198.19.0.0/16, in pairs. */
const pairs = 16_384;

/** Makes the namespace; with `cable`, a link with an address at each end joins it to the host. */
export async function openNetwork(directory: string, cable: boolean): Promise<BedNetwork> {
  const namespace = namespaceOf(directory);
  await run("ip", ["netns", "add", namespace]);
  await runIn(namespace, ["ip", "link", "set", "lo", "up"]);
  const listeners: Server[] = [];
  return {
    namespace,
    address: cable ? await layCable(namespace) : undefined,
    listenInside: async (port, accept) => {
      const server = await listenIn(namespace, port);
      server.on("connection", accept);
      listeners.push(server);
    },
    close: async () => {
      for (const server of listeners) server.close();
      await removeNamespace(namespace);
    },
  };
}

/** The kernel allows each interface name once, so whoever creates `gw<n>` owns the n-th pair of addresses. */
async function layCable(namespace: string): Promise<string> {
  const first = Math.floor(Math.random() * pairs);
  for (let step = 0; step < 20; step++) {
    const pair = (first + step) % pairs;
    const link = `gw${pair}`;
    const added = await run("ip", ["link", "add", link, "type", "veth", "peer", "name", "host0", "netns", namespace])
      .then(() => true)
      .catch((error: unknown) => {
        if (step === 19) throw error;
        return false;
      });
    if (!added) continue;
    await run("ip", ["-batch", "-"], `address add ${addressIn(pair, 1)}/30 dev ${link}\nlink set ${link} up\n`);
    await runIn(
      namespace,
      ["ip", "-batch", "-"],
      `address add ${addressIn(pair, 2)}/30 dev host0\nlink set host0 up\n`,
    );
    return addressIn(pair, 2);
  }
  throw new Error("no pair of addresses is free");
}

function addressIn(pair: number, end: number): string {
  return `198.19.${pair >> 6}.${(pair & 63) * 4 + end}`;
}

/** A process inside opens the port and hands the open port over: sockets stay in the namespace they were made in. */
async function listenIn(namespace: string, port: number): Promise<Server> {
  const script = join(import.meta.dirname, "listen-inside.ts");
  const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, process.execPath, script, String(port)], {
    env: programEnvironment({ NODE_OPTIONS: "" }),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exit = once(child, "exit").then(([code]) => {
    throw new Error(`listening on port ${port} inside ${namespace} ended with exit code ${String(code)}`);
  });
  const received = new Promise<Server>((resolve, reject) => {
    child.on("message", (_message, handle) => {
      if (handle instanceof Server) resolve(handle);
      else reject(new Error("no open port arrived"));
    });
  });
  const server = await Promise.race([received, exit]);
  exit.catch(() => {});
  child.disconnect();
  return server;
}
