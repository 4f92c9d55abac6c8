import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type Publication, publishImage, pullImage } from "../bed/images.ts";
import type { BedClient, BedMessage } from "../bed/mqtt-client.ts";
import { configFor, dataDirectory, type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess;
let directory: string;

const node = "gangway/bed";

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  client = await bed.broker.connect();
  const dataDir = await dataDirectory(bed);
  directory = join(dataDir, "backups");
  const config = configFor(bed, {
    check: { on_start: false },
    update: { stable_for: "500ms", health_timeout: "10s", backup_first: true },
    backup: { keep: 1, restore_by_mqtt: true },
  });
  gangway = await startGangway(bed, { dataDir, config });
  await client.until(({ retained }) => retained(`${node}/engine`) === "online", 30_000);
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;
const topicOf = (name: string, leaf: string): string => `${node}/container/${name}/${leaf}`;
const files = async (): Promise<readonly string[]> => (await readdir(directory).catch(() => [])).toSorted();

/** A running container on version 1, with a file in its volume. */
async function containerOnOne(name: string) {
  const publish = (version: string, more: Partial<Publication> = {}) =>
    publishImage(bed.registry, { name, tag: "stable", version, ...more });
  const { reference } = await publish("1");
  await pullImage(bed.engine.docker, reference);
  await runContainer(bed.engine.docker, name, reference, { HostConfig: { Binds: [`${name}-data:/data`] } });
  await runIn(bed.engine.docker, name, "sh", "-c", "echo precious > /data/file");
  await client.until(({ retained }) => retained(topicOf(name, "state")));
  return { reference, publish };
}

const on = (messages: readonly BedMessage[], topic: string): readonly Json[] =>
  messages.filter((message) => message.topic === topic).map(({ payload }) => parse(payload));

/** Sends a command of a container, and resolves with its result. */
async function ask(name: string, command: string, payload = ""): Promise<Json> {
  client.clear();
  await client.publish(topicOf(name, `command/${command}`), payload);
  const isIt = (result: Json): boolean => result["command"] === command;
  return await client.until(({ messages }) => on(messages, `${node}/result`).find(isIt), 30_000);
}

const inspect = (name: string) => bed.engine.docker.getContainer(name).inspect();

describe("an update", () => {
  it("is made when the container is backed up, and one that is rolled back offers what was", async () => {
    const { publish } = await containerOnOne("web");
    expect(await ask("web", "update")).toMatchObject({ state: "unchanged" });
    expect(await files()).toEqual([]);
    await publish("2");

    const updated = await ask("web", "update");

    const [first = ""] = await files();
    expect(await files()).toEqual([expect.stringMatching(/^web_.*\.tar\.zst$/)]);
    expect(updated).toMatchObject({ ok: true, state: "updated", backup: first });
    expect(updated["message"]).toContain(`Before that it was backed up to ${first}. It was stopped for `);
    const phases = on(client.messages, topicOf("web", "state")).map(({ phase }) => phase);
    const expected = ["queued", "pulling", "backing_up", "creating", "switching", "verifying"];
    expect([...new Set(phases)].filter((phase) => phase !== "idle")).toEqual(expected);
    const told = await client.until(({ messages }) => on(messages, `${node}/event`)[0]);
    expect(told).toMatchObject({ event_type: "updated", container: "web", backup: first });
    const state = await client.until(({ retained }) => {
      const seen = parse(retained(topicOf("web", "state")));
      return seen["phase"] === "idle" && seen;
    });
    expect(state).toMatchObject({ last_backup: updated["finished_at"], last_update: updated["finished_at"] });

    await publish("3", { config: { Cmd: ["/bin/sh", "-c", "echo ruined > /data/file; exit 1"] } });
    const undone = await ask("web", "update");

    expect(undone).toMatchObject({ ok: false, state: "rolled_back", backup: expect.stringMatching(/^web_/) });
    const second = String(undone["backup"]);
    expect(undone["message"]).toContain(`The data as it was before the update is in ${second}`);
    const event = await client.until(({ messages }) => on(messages, `${node}/event`).at(-1));
    expect(event).toMatchObject({ event_type: "rolled_back", backup: second });
    expect(await runIn(bed.engine.docker, "web", "cat", "/data/file")).toBe("ruined");
    // One is to be kept: but what went before is not given up for an update that went wrong.
    expect(await files()).toEqual([first, second]);

    const beside = await ask("web", "restore", JSON.stringify({ file: second, name: "web-before", volumes: "new" }));
    expect(beside).toMatchObject({ ok: true, state: "done", container: "web-before" });
    expect(await runIn(bed.engine.docker, "web-before", "cat", "/data/file")).toBe("precious");
    expect(await runIn(bed.engine.docker, "web", "cat", "/data/file")).toBe("ruined");

    // Nobody has the names any more: that is enough to have all of it back.
    await bed.engine.docker.getContainer("web").remove({ force: true });
    await bed.engine.docker.getVolume("web-data").remove();
    await client.until(({ retained }) => retained(topicOf("web", "availability")) === "offline");
    expect(await ask("web", "restore")).toMatchObject({ ok: true, container: "web" });
    expect(await runIn(bed.engine.docker, "web", "cat", "/data/file")).toBe("precious");
    const restored = await client.until(({ messages }) =>
      on(messages, `${node}/event`).find((event) => event["event_type"] === "restored"),
    );
    expect(restored).toMatchObject({ container: "web" });
  });

  it("is not made where the backup fails, and the container runs as before", async () => {
    const { reference, publish } = await containerOnOne("db");
    const before = await inspect("db");
    await publish("2");
    // Not a directory any more.
    await mkdir(directory, { recursive: true });
    await rename(directory, `${directory}.away`);
    await writeFile(directory, "");

    const result = await ask("db", "update");

    await rm(directory);
    await rename(`${directory}.away`, directory);
    expect(result).toMatchObject({ ok: false, state: "failed" });
    expect(result["message"]).toMatch(
      /^db was not updated, for it could not be backed up first: .*gangway\.backup-first/,
    );
    const { Id, State } = await inspect("db");
    expect([Id, State.Running, State.StartedAt]).toEqual([before.Id, true, before.State.StartedAt]);
    expect((await bed.engine.docker.getImage(reference).inspect()).Id).toBe(before.Image);
    const event = await client.until(({ messages }) => on(messages, `${node}/event`)[0]);
    expect(event).toMatchObject({ event_type: "update_failed", container: "db" });
  });
});
