import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type HomeAssistant, openHomeAssistant } from "../bed/home-assistant/home-assistant.ts";
import { installHomeAssistant } from "../bed/home-assistant/installation.ts";
import { type PublishedImage, publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { withHealth } from "../bed/variants.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";
import { announcedIn, differences } from "./published.ts";

/** A small host, its Gangway, and the Home Assistant that is told of it: one for all tests. */
export interface Home extends AsyncDisposable {
  readonly bed: Bed;
  readonly homeAssistant: HomeAssistant;
  /** Home Assistant's release. */
  readonly version: string;
  /** What stands on the broker now. */
  readonly client: () => BedClient;
  readonly gangway: () => GangwayProcess;
  /** Starts Gangway on the data it had, with `settings` in place of the usual ones. */
  readonly startGangway: (settings?: Settings) => Promise<void>;
  readonly stopGangway: () => Promise<void>;
  /** The broker forgets everything at its end. */
  readonly startBroker: () => Promise<void>;
  readonly stopBroker: () => Promise<void>;
  /** Publishes another version of the image that `web` and others run. */
  readonly publishApp: (version: string) => Promise<PublishedImage>;
}

export type Settings = Readonly<Record<string, unknown>>;

/** The unique id of an entity of a container, or of the node's own device. */
export const idOf = (container: string, key: string): string => `gangway_bed_${container}_${key}`;
export const nodeIdOf = (key: string): string => `gangway_bed_${key}`;

const app = { name: "app", tag: "1" };

/**
 * Removals wait for a while after a start of Gangway or of Home Assistant, lest that miss them. So the first Gangway is the
 * one for the tests of removals: its patience with those who left is short.
 *
 * Three containers: `db` has a health check, which passes; `web` has none; `job` is stopped.
 */
export async function openHome(): Promise<Home> {
  const installation = await installHomeAssistant((line) => console.error(line));
  await using undo = new AsyncDisposableStack();
  const bed = undo.use(await openBed({ engine: true, registry: true, broker: true }));
  const { docker } = bed.engine;
  const image = await publishImage(bed.registry, { ...app, version: "1" });
  const db = await publishImage(bed.registry, { name: "db", tag: "16", version: "16.1", ...withHealth("always") });
  for (const { reference } of [image, db]) await pullImage(docker, reference);
  await runContainer(docker, "web", image.reference);
  await runContainer(docker, "db", db.reference);
  await docker.createContainer({ name: "job", Image: image.reference });

  const dataDir = await dataDirectory(bed);
  let client = await bed.broker.connect();
  undo.defer(() => client[Symbol.asyncDispose]());
  const start = (settings: Settings = {}) =>
    startGangway(bed, { dataDir, config: configFor(bed, { stats: { interval: 5 }, ...settings }) });
  let gangway = await start({ entities: { grace: "10s" } });
  undo.defer(() => gangway[Symbol.asyncDispose]());
  const homeAssistant = await openHomeAssistant(bed, installation);
  const opened = undo.move();
  const home: Home = {
    bed,
    homeAssistant,
    version: installation.version,
    client: () => client,
    gangway: () => gangway,
    startGangway: async (settings) => {
      gangway = await start(settings);
    },
    stopGangway: async () => {
      await gangway.stop();
    },
    startBroker: async () => {
      await bed.broker.start();
      client = await bed.broker.connect();
    },
    stopBroker: async () => {
      await client[Symbol.asyncDispose]();
      await bed.broker.stop();
    },
    publishApp: (version) => publishImage(bed.registry, { ...app, version }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  await untilRight(home);
  return home;
}

/** The devices of a home in which nobody comes or goes. */
const residents = ["gangway_bed", "gangway_bed_db", "gangway_bed_job", "gangway_bed_web"];

/** Resolves when Home Assistant has everything just as Gangway has published it; throws what differs in the end. */
export async function untilRight({ client, homeAssistant }: Home, ms = 120_000): Promise<void> {
  let left: readonly string[] = ["Home Assistant does not answer"];
  await homeAssistant
    .until(
      (view) => {
        const devices = new Set(announcedIn(client()).map(({ device }) => device));
        left = [
          ...(client().retained("gangway/bed/status") === "online" ? [] : ["Gangway is offline"]),
          ...residents.filter((device) => !devices.has(device)).map((device) => `device ${device} is not announced`),
          ...differences(view, client()),
        ];
        return left.length === 0;
      },
      "everything as it was published",
      ms,
    )
    .catch((cause: unknown) => {
      throw new Error(`not as it was published:\n${left.join("\n")}`, { cause });
    });
}
