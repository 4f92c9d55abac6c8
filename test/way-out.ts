import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { type Duplex, pipeline } from "node:stream";
import { z } from "zod";
import { run } from "./bed/programs.ts";

/** A proxy through which containers of a bed's engine reach what this machine reaches. */
export interface WayOut extends AsyncDisposable {
  /** For `HTTPS_PROXY`. */
  readonly url: string;
}

const Routes = z.tuple([z.object({ prefsrc: z.string() })]);

/**
 * Opens a way out of an engine that answers at `address`: such an engine has no route to anywhere. It passes on
 * encrypted connections only (the CONNECT method, RFC 9110 section 9.3.6).
 */
export async function openWayOut(address: string): Promise<WayOut> {
  // At the address from which this machine reaches the engine, the engine reaches this machine.
  const routes: unknown = JSON.parse(await run("ip", ["-json", "route", "get", address]));
  const [{ prefsrc }] = Routes.parse(routes);
  const open = new Set<Duplex>();
  const server = createServer((_request, response) => response.writeHead(501).end());
  server.on("connect", (request: IncomingMessage, inside: Duplex, first: Buffer) => {
    const { hostname, port } = new URL(`https://${request.url ?? ""}`);
    const outside = connect(Number(port || 443), hostname, () => {
      inside.write("HTTP/1.1 200 OK\r\n\r\n");
      outside.write(first);
      // A connection that breaks is for its two ends to see.
      pipeline(inside, outside, inside, () => open.delete(inside));
    });
    outside.on("error", () => inside.destroy());
    open.add(inside);
  });
  server.listen(0, prefsrc);
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the way out has no port");
  return {
    url: `http://${prefsrc}:${bound.port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const inside of open) inside.destroy();
      await once(server, "close");
    },
  };
}
