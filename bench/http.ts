import { once } from "node:events";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as timer } from "node:timers/promises";
import { changeLatencies } from "./changes.ts";
import type { Samples } from "./figures.ts";
import type { Session } from "./session.ts";
import { quantile } from "./statistics.ts";

const requests = 1_000;
/** So that all of them take longer than the statistics' interval. */
const everyMs = 20;
const slowClients = 500;
const changes = 20;

/** Asks for the state of all containers, one request after the other, through two rounds of statistics. */
export async function measureStatus({ lab, program }: Session): Promise<Samples> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  const began = performance.now();
  for (let request = 0; request < requests; request++) {
    await timer(Math.max(0, began + request * everyMs - performance.now()));
    const asked = performance.now();
    const body = await program.during(bodyOf(`${program.origin}/status?force=1`, agent));
    times.push(performance.now() - asked);
    const { meta } = JSON.parse(body) as { readonly meta: object };
    // A benchmark of wrong answers would be worth nothing.
    if (Object.keys(meta).length !== lab.names.length) throw new Error(`/status has not all containers: ${body}`);
  }
  agent.destroy();
  return { statusMedian: [quantile(times, 0.5)], statusHigh: [quantile(times, 0.95)] };
}

async function bodyOf(url: string, agent: Agent): Promise<string> {
  const [response] = (await once(get(url, { agent }), "response")) as [NodeJS.ReadableStream & { statusCode: number }];
  if (response.statusCode !== 200) throw new Error(`${url} answers ${response.statusCode}`);
  return (await buffer(response)).toString();
}

/** Stops and starts containers while there are clients that never end their request, or never read the answer. */
export async function measureSlowClients(session: Session): Promise<Samples> {
  const { hostname, port } = new URL(session.program.origin);
  const sockets: Socket[] = [];
  try {
    for (let client = 0; client < slowClients; client++) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      sockets.push(socket);
      await session.program.during(once(socket, "connect"));
      socket.pause();
      socket.write(client % 2 === 0 ? unfinished : unread);
    }
    return { slowClientsLatency: [quantile(await changeLatencies(session, changes), 0.95)] };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

const unfinished = "POST /update_container HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
const unread = "GET /status HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
