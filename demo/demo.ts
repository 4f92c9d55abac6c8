import { parseArgs } from "node:util";
import { messageOf } from "../src/lib/errors.ts";
import { untilAborted } from "../src/lib/time.ts";
import { type Bed, openBed } from "../test/bed/bed.ts";
import { type BedClient, connectClient } from "../test/bed/mqtt-client.ts";
import { freePort } from "../test/bed/ports.ts";
import { type GangwayProcess, startGangway } from "../test/gangway.ts";
import { openScreen, type Screen } from "./screen.ts";
import { setTheScene, tell } from "./story.ts";
import { linesFrom } from "./view.ts";

/*
 * `npm run demo`: Gangway's main job on real parts, on an engine of its own that is gone afterwards. Stays up until
 * Ctrl-C; with `-- --once` it ends when the story is told, with exit code 1 if anything was not as it should be.
 */

const node = "demo";
const redrawMs = 200;

async function main(once: boolean, stop: AbortSignal): Promise<void> {
  const screen = openScreen(process.stdout);
  screen.chapter("A throw-away engine and a registry are started");
  await using bed = await openBed({ engine: true, registry: true, say: (line) => screen.say(line) });
  await setTheScene({ bed, screen });

  screen.chapter("Gangway starts: containers become Home Assistant devices");
  const port = await freePort();
  await using gangway = await start(bed, port);
  await using client = await connectClient(`mqtt://127.0.0.1:${port}`);
  const redraw = setInterval(() => screen.show(linesFrom(client, node)), redrawMs);
  try {
    await Promise.race([tell({ bed, screen, client, node }), untilAborted(stop)]);
    if (!once && !stop.aborted) await stayUp({ bed, screen, client, port }, stop);
  } finally {
    clearInterval(redraw);
    screen.show(linesFrom(client, node));
    screen.close();
    await gangway.stop();
  }
  if (!stop.aborted)
    process.stdout.write("\nEverything was as it should be; the engine and all that was in it are removed.\n");
}

/** Gangway as `npm start` runs it, with its embedded broker. */
async function start(bed: Bed, port: number): Promise<GangwayProcess> {
  const gangway = await startGangway(bed, {
    config: {
      engines: [{ node, host: bed.engine.host }],
      mqtt: { embedded: { listen: `127.0.0.1:${port}` } },
      http: { listen: "127.0.0.1:0" },
      stats: { interval: "5s" },
      update: { stable_for: "3s", health_timeout: "10s" },
    },
  });
  const failed = gangway.exited.then(() => Promise.reject(new Error(`Gangway did not start: ${gangway.errors()}`)));
  await Promise.race([gangway.logged(({ msg }) => msg === "embedded broker listens"), failed]);
  failed.catch(() => {});
  return gangway;
}

interface Open {
  readonly bed: Bed;
  readonly screen: Screen;
  readonly client: BedClient;
  readonly port: number;
}

async function stayUp({ bed, screen, port }: Open, stop: AbortSignal): Promise<void> {
  screen.chapter("It stays up until Ctrl-C. In another terminal:");
  screen.say(`mosquitto_sub -p ${port} -t '#' -v                                  what is published`);
  screen.say(`mosquitto_pub -p ${port} -t gangway/${node}/container/web/command/power -m OFF    a command`);
  screen.say(`docker -H ${bed.engine.host} ps                                      the engine`);
  await untilAborted(stop);
}

const { values } = parseArgs({ options: { once: { type: "boolean", default: false } } });
const stop = new AbortController();
process.on("SIGINT", () => stop.abort());
process.on("SIGTERM", () => stop.abort());
try {
  await main(values.once, stop.signal);
} catch (error) {
  process.stderr.write(`\ndemo: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
