import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type EngineProxy, openEngineProxy } from "../bed/engine-proxy.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { eventually } from "../bed/wait.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let client: BedClient;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  client = await bed.broker.connect();
});
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

/** Crashes whatever the container's own command is. */
const bad = { config: { Entrypoint: ["/bin/sh", "-c", "echo about to crash; exit 1"] } };

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;

/** One container with its own Gangway, which reaches the engine through its own proxy: rounds do not disturb each other. */
interface Round extends AsyncDisposable {
  readonly node: string;
  readonly container: string;
  readonly oldId: string;
  readonly newImage: string;
  readonly dataDir: string;
  readonly proxy: EngineProxy;
  readonly start: () => Promise<GangwayProcess>;
}

let rounds = 0;

/** A container that always restarts, with data in an anonymous volume, on version 1 of an image whose version 2 is there. */
async function openRound(variant: object): Promise<Round> {
  const node = `round${++rounds}`;
  const container = `web-${node}`;
  const { docker, socketPath } = bed.engine;
  const one = await publishImage(bed.registry, { name: node, tag: "stable", version: "1" });
  await pullImage(docker, one.reference);
  const { id: oldId } = await runContainer(docker, container, one.reference, {
    Cmd: [
      "sh",
      "-c",
      `[ -e /data/mark ] || echo ${node} > /data/mark; trap 'exit 0' TERM; while :; do sleep 60 & wait $!; done`,
    ],
    HostConfig: { RestartPolicy: { Name: "always" } },
    Volumes: { "/data": {} },
  });
  const two = await publishImage(bed.registry, { name: node, tag: "stable", version: "2", ...variant });
  const proxy = await openEngineProxy(socketPath, join(bed.directory, `${node}.sock`));
  const dataDir = await dataDirectory(bed);
  const config = {
    ...configFor(bed),
    engines: [{ node, host: proxy.host }],
    containers: { include: [container] },
    check: { on_start: false },
  };
  return {
    node,
    container,
    oldId,
    newImage: two.imageId,
    dataDir,
    proxy,
    start: () => startGangway(bed, { config, dataDir }),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function askForUpdate({ node, container }: Round): Promise<void> {
  await client.until(({ retained }) => retained(`gangway/${node}/container/${container}/state`), 30_000);
  await client.publish(`gangway/${node}/container/${container}/command/update`, "");
}

function resultOf({ node }: Round): Promise<Json> {
  return client.until(({ messages }) => {
    const found = messages.findLast(
      ({ topic, payload }) => topic === `gangway/${node}/result` && parse(payload)["command"] === "update",
    );
    return found !== undefined && parse(found.payload);
  }, 60_000);
}

/** What an update of this image asks of the engine, in order, when nothing disturbs it. */
async function changesOf(variant: object): Promise<readonly string[]> {
  await using round = await openRound(variant);
  await using gangway = await round.start();
  await askForUpdate(round);
  await resultOf(round);
  await gangway.stop();
  return round.proxy.calls().flatMap(({ change, method, path }) => {
    const words = path.replace(/\?.*/, "").replaceAll(/[0-9a-f]{64}/g, "ID");
    return change > 0 ? [`${method} ${words.replaceAll(/round\d+/g, "N")}`] : [];
  });
}

/** Kills Gangway when the engine has done its n-th changing call, before Gangway hears of it; once for each of `deaths`. */
async function dieAt(round: Round, deaths: readonly number[]): Promise<void> {
  for (const [index, death] of deaths.entries()) {
    const before = round.proxy.calls().filter(({ change }) => change > 0).length;
    const gangway = await round.start();
    const struck = Promise.withResolvers<void>();
    round.proxy.onResponse(async ({ change }) => {
      if (change - before === death) {
        await gangway.kill();
        struck.resolve();
      }
      return "pass" as const;
    });
    if (index === 0) await askForUpdate(round);
    await Promise.race([struck.promise, gangway.exited]);
    await gangway.kill();
    round.proxy.onResponse(undefined);
  }
}

/** What must be true however often and wherever Gangway died. */
async function expectIntact(round: Round): Promise<void> {
  const { docker } = bed.engine;
  const list = await docker.listContainers({ all: true });
  const names = list.flatMap(({ Names }) => Names).filter((name) => name.includes(`${round.container}`));
  expect(names.filter((name) => new RegExp(`${round.container}(?![0-9])`).test(name))).toEqual([`/${round.container}`]);
  const inspect = await docker.getContainer(round.container).inspect();
  expect(inspect.State).toMatchObject({ Running: true, Restarting: false });
  expect(inspect.HostConfig.RestartPolicy?.Name).toBe("always");
  expect(await runIn(docker, round.container, "cat", "/data/mark")).toBe(round.node);
  expect(readdirSync(join(round.dataDir, "journal"))).toEqual([]);
}

/** Starts Gangway once more and waits until it has dealt with what it finds, or has found nothing. */
async function recover(round: Round): Promise<void> {
  const hasLeftover =
    existsSync(join(round.dataDir, "journal")) && readdirSync(join(round.dataDir, "journal")).length > 0;
  await using gangway = await round.start();
  await gangway.logged(({ msg }) => msg === "engine is online");
  if (hasLeftover) await resultOf(round);
  await gangway.stop();
  expect(await gangway.exited).toEqual({ code: 0, signal: null });
}

const goodCalls = [
  "POST /images/ID/tag",
  "POST /images/create",
  "POST /containers/create",
  "POST /containers/ID/update",
  "POST /containers/ID/stop",
  "POST /containers/ID/rename",
  "POST /containers/ID/rename",
  "POST /containers/ID/start",
  "DELETE /containers/ID",
  "DELETE /images/gangway/keep",
];
const badCalls = [
  ...goodCalls.slice(0, 8),
  "DELETE /containers/ID",
  "POST /containers/ID/rename",
  "POST /containers/ID/update",
  "POST /containers/ID/start",
  "DELETE /images/gangway/keep",
];

describe("an update asks the engine for", () => {
  it("what the crash tests below count on", async () => {
    const calls = (list: readonly string[]): readonly string[] =>
      list.map((call) =>
        call
          .replace(/\/images\/(?!create|gangway)[^/]+\/tag/, "/images/ID/tag")
          .replace(/docker.io%2F|docker.io\//, "")
          .replace(/keep:.*/, "keep"),
      );

    expect(calls(await changesOf({}))).toEqual(goodCalls);
    expect(calls(await changesOf(bad))).toEqual(badCalls);
  });
});

describe.concurrent("killed right after", () => {
  it.for(goodCalls.map((call, index) => [index + 1, call] as const))(
    "call %i of an update (%s), Gangway leaves exactly one container of the name, running, with its data",
    async ([death]) => {
      await using round = await openRound({});
      await dieAt(round, [death]);

      await recover(round);

      await expectIntact(round);
    },
  );

  it.for(badCalls.map((call, index) => [index + 1, call] as const).slice(7))(
    "call %i of an update to an image that crashes (%s), Gangway puts the old container back",
    async ([death]) => {
      await using round = await openRound(bad);
      await dieAt(round, [death]);

      await recover(round);

      await expectIntact(round);
      expect((await bed.engine.docker.getContainer(round.container).inspect()).Id).toBe(round.oldId);
    },
  );

  it.for([
    [5, 1],
    [6, 2],
    [7, 3],
  ] as const)(
    "call %i, and again right after call %i of the recovery, Gangway still puts the old container back",
    async ([first, second]) => {
      await using round = await openRound({});
      await dieAt(round, [first, second]);

      await recover(round);

      await expectIntact(round);
      expect((await bed.engine.docker.getContainer(round.container).inspect()).Id).toBe(round.oldId);
    },
  );
});

describe("killed before its first note", () => {
  it("Gangway removes the tag that held the old image", async () => {
    const held = async (): Promise<readonly string[]> =>
      (await bed.engine.docker.listImages())
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .filter((tag) => tag.startsWith("gangway/keep:"));
    await using round = await openRound({});
    await dieAt(round, [1]);
    expect(await held()).toHaveLength(1);

    await using gangway = await round.start();
    await gangway.logged(({ msg }) => msg === "engine is online");
    await eventually(async () => (await held()).length === 0, "the tag to go", 10_000);
    expect(await gangway.stop()).toBe(0);
  });
});
