import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openVault } from "../../src/files/backup/vault.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type EngineCall, type EngineProxy, openEngineProxy, type Verdict } from "../bed/engine-proxy.ts";
import { loadImage, publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { tarOf } from "../bed/tar.ts";
import { eventually } from "../bed/wait.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";

/*
 * Gangway, and the engine with it, die around every call of a backup. Whoever ran before runs again, and the file is
 * whole or not there. Where it was made for an update, that has not begun.
 */

/** The calls of a backup that is not disturbed: it is of `web`, and `other` writes to the same volume. */
const calls = ["create helper", "stop other", "stop web", "read", "start web", "start other", "remove helper"] as const;
type Call = (typeof calls)[number];
type Moment = "before" | "during" | "after";

interface Death {
  readonly call: Call;
  readonly moment: Moment;
  readonly victim: "gangway" | "machine";
  /** Again, in the recovery, right after this one. */
  readonly again?: Call;
  /** What the backup is a step of; it is asked for by itself, if absent. */
  readonly command?: "update";
}

const deaths: readonly Death[] = [
  ...calls.flatMap((call) =>
    (["before", "during", "after"] as const).map((moment) => ({ call, moment, victim: "gangway" as const })),
  ),
  ...(["stop web", "read", "start web"] as const).map((call) => ({
    call,
    moment: "after" as const,
    victim: "machine" as const,
  })),
  ...(["start web", "start other", "remove helper"] as const).map((again) => ({
    ...{ call: "read" as const, moment: "after" as const, victim: "gangway" as const },
    again,
  })),
  ...(["read", "start web"] as const).map((call) => ({
    ...{ call, moment: "after" as const, victim: "gangway" as const },
    command: "update" as const,
  })),
];

const image = "app:1";
const patience = 120_000;
let bed: Bed;
let docker: Docker;
let rounds = 0;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  docker = bed.engine.docker;
  await loadImage(docker, image, { version: "1" });
});
afterAll(() => bed?.[Symbol.asyncDispose]());

interface Round extends AsyncDisposable {
  readonly node: string;
  readonly names: readonly [web: string, other: string];
  readonly mark: string;
  readonly dataDir: string;
  readonly proxy: EngineProxy;
  readonly client: BedClient;
  readonly start: () => Promise<GangwayProcess>;
}

/** An image of which the registry has a newer one. */
async function outdatedImage(name: string): Promise<string> {
  const { reference } = await publishImage(bed.registry, { name, tag: "1", version: "1" });
  await pullImage(docker, reference);
  await publishImage(bed.registry, { name, tag: "1", version: "2" });
  return reference;
}

async function openRound({ command }: Death): Promise<Round> {
  const node = `n${++rounds}`;
  const names = [`web-${node}`, `other-${node}`] as const;
  const mark = randomUUID();
  const isUpdate = command === "update";
  const used = isUpdate ? await outdatedImage(node) : image;
  for (const name of names) {
    const Labels = isUpdate ? { "gangway.backup-first": "true" } : {};
    const HostConfig = { Binds: [`data-${node}:/data`], RestartPolicy: { Name: "unless-stopped" } };
    await runContainer(docker, name, used, { HostConfig, Labels });
  }
  await docker.getContainer(names[0]).putArchive(tarOf([{ path: "mark", content: mark }]), { path: "/data" });
  const proxy = await openEngineProxy(bed.engine.socketPath, join(bed.directory, `${node}.sock`));
  const client = await bed.broker.connect();
  const dataDir = await dataDirectory(bed);
  const config = {
    ...configFor(bed),
    ...{ engines: [{ node, host: proxy.host }], check: { on_start: false }, discovery: { enabled: false } },
    containers: { include: [...names] },
  };
  return {
    ...{ node, names, mark, dataDir, proxy, client },
    start: () => startGangway(bed, { config, dataDir }),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
      for (const name of names) await docker.getContainer(name).remove({ force: true, v: true });
    },
  };
}

/** Which of the calls it is. The containers are known by their ids. */
function callerFor({ names: [web] }: Round, ids: ReadonlyMap<string, string>): (call: EngineCall) => string {
  return ({ method, path }) => {
    const [, , id = "", deed = ""] = path.replace(/\?.*/, "").split("/");
    if (path.startsWith("/containers/create")) return "create helper";
    if (method === "GET" && deed === "archive") return "read";
    if (method === "DELETE") return "remove helper";
    return method === "POST" ? `${deed} ${ids.get(id) === web ? "web" : "other"}` : "";
  };
}

async function die(
  round: Round,
  { victim, ...death }: Death,
  strike: { readonly call: Call; readonly moment: Moment },
  isFirst: boolean,
): Promise<void> {
  const { node, names, proxy, client } = round;
  const ids = new Map(
    await Promise.all(names.map(async (name) => [(await docker.getContainer(name).inspect()).Id, name] as const)),
  );
  const nameOf = callerFor(round, ids);
  const gangway = await round.start();
  const struck = Promise.withResolvers<void>();
  const held = Promise.withResolvers<Verdict>();
  const hit = async (): Promise<Verdict> => {
    if (victim === "gangway") await gangway.kill();
    struck.resolve();
    return victim === "machine" ? await held.promise : "cut";
  };
  proxy.onRequest((call) => {
    if (nameOf(call) !== strike.call) return "pass";
    if (strike.moment === "during") void hit();
    return strike.moment === "before" ? hit() : "pass";
  });
  proxy.onResponse((call) => (nameOf(call) === strike.call && strike.moment === "after" ? hit() : "pass"));
  if (isFirst) {
    await client.until(({ retained }) => retained(`gangway/${node}/container/${names[0]}/state`), patience);
    await client.publish(`gangway/${node}/container/${names[0]}/command/${death.command ?? "backup"}`, "");
  }
  const late = setTimeout(
    () => struck.reject(new Error(`${strike.call} did not come (${JSON.stringify(death)})`)),
    patience,
  );
  await struck.promise.finally(() => clearTimeout(late));
  if (victim === "machine") {
    await Promise.all([bed.engine.kill(), gangway.kill()]);
    held.resolve("cut");
    await bed.engine.start();
  }
}

const imagesOf = async ({ names }: Round): Promise<readonly string[]> =>
  await Promise.all(names.map(async (name) => (await docker.getContainer(name).inspect()).Image));

const notes = ({ dataDir }: Round): readonly string[] => namesIn(join(dataDir, "journal", "backups"));
const namesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

/** Starts Gangway once more, undisturbed, and ends it when nothing is left to be put right. */
async function recover(round: Round): Promise<Readonly<Record<string, unknown>>> {
  const { node, client, proxy } = round;
  const hasNotes = notes(round).length > 0;
  client.clear();
  proxy.onRequest(undefined);
  proxy.onResponse(undefined);
  await using gangway = await round.start();
  await gangway.logged(({ msg }) => msg === "engine is online", patience);
  const isResult = ({ topic }: { readonly topic: string }): boolean => topic === `gangway/${node}/result`;
  const told = hasNotes ? await client.until(({ messages }) => messages.find(isResult), patience) : { payload: "{}" };
  await eventually(() => notes(round).length === 0, "the journal to be empty", patience);
  expect(await gangway.stop()).toBe(0);
  return JSON.parse(told.payload) as Readonly<Record<string, unknown>>;
}

describe("a backup that is interrupted", () => {
  const named = deaths.map((death) => {
    const again = death.again === undefined ? "" : `, and again after "${death.again}" of the recovery`;
    const purpose = death.command === undefined ? "" : ` of an ${death.command}`;
    return [`${death.victim} dies ${death.moment} "${death.call}"${purpose}${again}`, death] as const;
  });

  it.each(named)("leaves everything running: %s", async (_, death) => {
    await using round = await openRound(death);
    const before = await imagesOf(round);
    await die(round, death, death, true);
    if (death.again !== undefined) await die(round, death, { call: death.again, moment: "after" }, false);

    const result = await recover(round);

    const list = await docker.listContainers({ all: true });
    expect(list.flatMap(({ Names }) => Names.filter((name) => name.includes(`-${round.node}`))).sort()).toEqual(
      round.names.map((name) => `/${name}`).sort(),
    );
    for (const name of round.names)
      expect((await docker.getContainer(name).inspect()).State).toMatchObject({ Running: true });
    const files = namesIn(join(round.dataDir, "backups"));
    expect(files.length).toBeLessThan(2);
    for (const file of files) {
      await openVault(join(round.dataDir, "backups")).verify(file, () => {}, AbortSignal.timeout(patience));
    }
    const isDone = files.length === 1 && death.command === undefined;
    if (result["state"] !== undefined) {
      expect(result).toMatchObject({ command: death.command ?? "backup", state: isDone ? "done" : "failed" });
    }
    expect(await imagesOf(round)).toEqual(before);
  });
});
