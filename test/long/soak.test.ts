import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { BrokerSession, Publication } from "../../src/core/ports.ts";
import { createLog, createSecrets } from "../../src/lib/log.ts";
import { createBroker } from "../../src/mqtt/connection.ts";
import { openBed } from "../bed/bed.ts";
import { eventually } from "../bed/wait.ts";
import { startBridge, topics } from "../bridge-run.ts";
import { runningContainer } from "../running-container.ts";

/* What the bridge and its connection keep over a life with a real broker that dies again and again. */

const containers = 200;
const deaths = 50;
const changes = 10_000;
/** Deaths that warm up what is made once. */
const warmUps = 5;
/** More than what the runtime itself keeps; what is told in one life weighs two thirds of this. */
const mostGrownMib = 3;

/** Counts what a session publishes, and what of that the broker has not taken yet. */
function counted(session: BrokerSession, traffic: { published: number; open: number }): BrokerSession {
  const publish = async (publication: Publication): Promise<void> => {
    traffic.published += 1;
    traffic.open += 1;
    await session.publish(publication).finally(() => {
      traffic.open -= 1;
    });
  };
  return { ...session, publish };
}

it(`memory stays as it is over ${changes} changes of ${containers} containers and ${deaths} deaths of the broker`, async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const usedMib = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 2 ** 20;
  };
  const stop = new AbortController();
  await using bed = await openBed({ broker: true });
  const { bridge, inventory, end } = startBridge({ devices: new Map(), components: new Map() });
  const traffic = { published: 0, open: 0 };
  let sessions = 0;
  const broker = createBroker(
    {
      url: bed.broker.url,
      clientId: "soak",
      farewell: { topic: topics.status, payload: "offline", retain: true, qos: 1 },
    },
    createLog({ level: "silent", output: { write: () => {} }, secrets: createSecrets() }),
    100,
  );
  const running = broker.run(
    {
      onMessage: bridge.onMessage,
      onSession: (session) => {
        sessions += 1;
        bridge.onSession(counted(session, traffic));
      },
    },
    stop.signal,
  );

  let restarts = 0;
  const change = (): void => {
    for (let index = 0; index < containers; index++) {
      inventory.putContainer(runningContainer(`web${index}`, { restartCount: restarts++ }));
    }
  };
  const allTaken = (what: string): Promise<void> => eventually(() => traffic.open === 0, what, 60_000);
  const live = async (): Promise<void> => {
    const before = { sessions, published: traffic.published };
    await bed.broker.kill();
    await bed.broker.start();
    await eventually(() => sessions > before.sessions, "the connection to come back", 30_000);
    await allTaken("everything to be published again");
    change();
    await allTaken("the changes to be published");
    expect(traffic.published - before.published).toBeGreaterThan(containers * 5);
  };

  change();
  for (let life = 0; life < warmUps; life++) await live();
  const [before, changed, published, began] = [usedMib(), restarts, traffic.published, performance.now()];
  for (let life = 0; life < deaths; life++) await live();
  const grown = usedMib() - before;
  await using client = await bed.broker.connect();
  await client.until(({ retained }) =>
    retained(topics.containerState("web7"))?.includes(`${restarts - containers + 7}`),
  );
  end();
  stop.abort();
  await running;

  const seconds = (performance.now() - began) / 1_000;
  console.info(
    `${restarts - changed} changes, ${deaths} deaths, ${traffic.published - published} messages in ${seconds.toFixed(0)} s: ` +
      `${before.toFixed(1)} MiB before, ${grown.toFixed(2)} MiB more afterwards`,
  );
  expect(restarts - changed).toBe(changes);
  expect(grown).toBeLessThan(mostGrownMib);
});
