import type { Bed } from "../test/bed/bed.ts";
import { runContainer, runIn } from "../test/bed/containers.ts";
import { publishImage, pullImage } from "../test/bed/images.ts";
import type { BedClient } from "../test/bed/mqtt-client.ts";
import { serving, withHealth } from "../test/bed/variants.ts";
import { DiscoveryPayload } from "../test/home-assistant.ts";
import type { Screen } from "./screen.ts";
import { readTopic } from "./view.ts";

/** What the story is told with. */
export interface Stage {
  readonly bed: Bed;
  readonly screen: Screen;
  /** Connected to the broker of a Gangway that has been started. */
  readonly client: BedClient;
  readonly node: string;
}

const waitMs = 60_000;
const installButton = "install";

/** The throw-away engine's containers, before Gangway is there. */
export async function setTheScene({ bed, screen }: Pick<Stage, "bed" | "screen">): Promise<void> {
  screen.chapter("Three containers run on it");
  const { docker } = bed.engine;
  const web = await publishImage(bed.registry, { name: "web", tag: "stable", version: "1.0", ...serving("1.0") });
  const db = await publishImage(bed.registry, { name: "db", tag: "16", version: "16.1", ...withHealth("always") });
  for (const { reference } of [web, db]) await pullImage(docker, reference);
  await runContainer(docker, "web", web.reference, {
    Env: ["GREETING=hello"],
    HostConfig: { RestartPolicy: { Name: "unless-stopped" } },
    Volumes: { "/data": {} },
  });
  await runContainer(docker, "db", db.reference, { HostConfig: { RestartPolicy: { Name: "always" } } });
  await runContainer(docker, "web-copy", web.reference);
  await runIn(docker, "web", "sh", "-c", "echo precious > /data/file");
  screen.say("web and web-copy run web:stable; db runs db:16 and has a health check");
}

/** Tells the whole story; throws at the first thing that is not as it should be. */
export async function tell(stage: Stage): Promise<void> {
  await containersBecomeDevices(stage);
  await anUpdateIsFound(stage);
  await anUpdateIsInstalled(stage);
  await aBadUpdateIsRolledBack(stage);
}

async function containersBecomeDevices({ client, screen, node }: Stage): Promise<void> {
  await client.until((seen) => containerState(seen, node, "web-copy")["verdict"] === "up_to_date", waitMs);
  await client.until((seen) => containerState(seen, node, "db")["health"] === "healthy", waitMs);
  // A check that is asked for while the first one runs would only join it.
  await client.until((seen) => typeof readTopic(seen, `gangway/${node}/state`)["last_check"] === "string", waitMs);
  const configs = client.topics().filter((topic) => topic.startsWith("homeassistant/device/"));
  const entities = configs.map((topic) => DiscoveryPayload.parse(readTopic(client, topic)).components);
  const count = entities.reduce((total, components) => total + Object.keys(components).length, 0);
  screen.say(`${configs.length} devices with ${count} entities, one for the engine and one for each container`);
}

async function anUpdateIsFound({ bed, client, screen, node }: Stage): Promise<void> {
  screen.chapter("Somebody publishes a new web:stable: the update is found by its digest");
  await publishImage(bed.registry, { name: "web", tag: "stable", version: "1.1", ...serving("1.1") });
  bed.registry.clearRequests();
  client.clear();
  await client.publish(`gangway/${node}/command/check`, "PRESS");
  await untilResult(client, node, "check");
  const requests = bed.registry.requests();
  const count = (wanted: string): number => requests.filter(({ method }) => method === wanted).length;
  const [asked, read] = [count("HEAD"), count("GET")];
  for (const name of ["web", "web-copy"]) {
    await client.until((seen) => containerState(seen, node, name)["verdict"] === "update_available", waitMs);
  }
  expectThat(asked === 2, `a check takes one HEAD for each of two images, not ${asked}`);
  expectThat(read <= 2, `to read a new image takes two GET at most, not ${read}`);
  expectThat(asked + read === requests.length, "nothing else is asked of the registry");
  screen.say(
    `web and web-copy have an update; the check cost ${asked} HEAD, one for each image, and ${read} GET to read the new one`,
  );
}

async function anUpdateIsInstalled(stage: Stage): Promise<void> {
  const { bed, client, screen, node } = stage;
  screen.chapter("Install is pressed: pull, recreate, health gate");
  const { docker } = bed.engine;
  const before = await docker.getContainer("web").inspect();
  const result = await install(stage, "web");
  expectThat(result["state"] === "updated", String(result["message"]));
  const after = await docker.getContainer("web").inspect();
  expectThat(after.Image !== before.Image && after.State.Running, "the new container runs the new image");
  expectThat(after.Config.Env.includes("GREETING=hello"), "its environment is kept");
  expectThat(after.HostConfig.RestartPolicy?.Name === "unless-stopped", "its restart policy is kept");
  expectThat((await runIn(docker, "web", "cat", "/data/file")) === "precious", "its data is kept");
  expectThat(
    containerState(client, node, "web-copy")["verdict"] === "update_available",
    "its sibling is still outdated",
  );
  screen.say(String(result["message"]));
  screen.say("environment, restart policy and the file in its anonymous volume are still there");
  screen.say("web-copy still runs the old image, and still says so");
}

async function aBadUpdateIsRolledBack(stage: Stage): Promise<void> {
  const { bed, client, screen, node } = stage;
  screen.chapter("A bad db:16 is published, whose health check never passes: it is rolled back");
  const before = await bed.engine.docker.getContainer("db").inspect();
  await publishImage(bed.registry, { name: "db", tag: "16", version: "16.2", ...withHealth("never") });
  const result = await install(stage, "db");
  expectThat(result["state"] === "rolled_back", String(result["message"]));
  const after = await bed.engine.docker.getContainer("db").inspect();
  expectThat(after.Id === before.Id && after.State.Running, "the very same container runs again");
  await client.until((seen) => containerState(seen, node, "db")["last_result"] === "rolled_back", waitMs);
  expectThat(containerState(client, node, "db")["verdict"] === "update_available", "the update is still offered");
  screen.say(String(result["message"]));
}

/** Presses the install button of the update entity and resolves with the result message. */
async function install({ client, node }: Stage, name: string): Promise<Readonly<Record<string, unknown>>> {
  client.clear();
  await client.publish(`gangway/${node}/container/${name}/command/update`, installButton);
  const result = await untilResult(client, node, "update");
  await client.until((seen) => containerState(seen, node, name)["phase"] === "idle", waitMs);
  return result;
}

/** Resolves with the message on the result topic about the end of such a command. */
async function untilResult(
  client: BedClient,
  node: string,
  command: string,
): Promise<Readonly<Record<string, unknown>>> {
  const topic = `gangway/${node}/result`;
  const { payload } = await client.until(
    ({ messages }) => messages.find((message) => message.topic === topic && message.payload.includes(`"${command}"`)),
    waitMs,
  );
  return JSON.parse(payload) as Readonly<Record<string, unknown>>;
}

function containerState(
  seen: Parameters<typeof readTopic>[0],
  node: string,
  name: string,
): Readonly<Record<string, unknown>> {
  return readTopic(seen, `gangway/${node}/container/${name}/state`);
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not as it should be: ${what}`);
}
