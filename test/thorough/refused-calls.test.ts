import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type EngineCall, type EngineProxy, openEngineProxy, type Verdict } from "../bed/engine-proxy.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { configFor, type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let docker: Docker;
let proxy: EngineProxy;
let client: BedClient;
let gangway: GangwayProcess;

const opened = new AsyncDisposableStack();
beforeAll(async () => {
  bed = opened.use(await openBed({ engine: true, registry: true, broker: true }));
  ({ docker } = bed.engine);
  proxy = opened.use(await openEngineProxy(bed.engine.socketPath));
  client = opened.use(await bed.broker.connect());
  const engines = [{ node: "bed", host: proxy.host }];
  gangway = opened.use(await startGangway(bed, { config: configFor(bed, { engines }) }));
  await client.until(({ retained }) => retained("gangway/bed/engine") === "online");
  for (const Name of ["front", "back"]) await docker.createNetwork({ Name });
});
afterAll(() => opened.disposeAsync());
afterEach(async () => {
  proxy.onRequest(undefined);
  for (const { Id } of await docker.listContainers({ all: true }))
    await docker.getContainer(Id).remove({ force: true });
  expect(gangway.errors()).toBe("");
});

type Json = Readonly<Record<string, unknown>>;
let repositories = 0;

/** A running container on version 1, in two networks, of whose image there is a version 2; and what it is to stay. */
async function outdated() {
  const name = `web${++repositories}`;
  const publish = (version: string) => publishImage(bed.registry, { name, tag: "stable", version });
  const { reference } = await publish("1");
  await pullImage(docker, reference);
  const container = await runContainer(docker, name, reference, {
    HostConfig: { NetworkMode: "front", RestartPolicy: { Name: "always" } },
  });
  await docker.getNetwork("back").connect({ Container: container.id });
  const { imageId } = await publish("2");
  await client.until(({ retained }) => retained(`gangway/bed/container/${name}/state`));
  return { name, id: container.id, imageId };
}

/** Has the engine refuse each call that `isRefused`, and resolves to the result of an update. */
async function updateWhile(name: string, onCall: (call: EngineCall) => Verdict | Promise<Verdict>): Promise<Json> {
  client.clear();
  proxy.clearCalls();
  proxy.onRequest(onCall);
  await client.publish(`gangway/bed/container/${name}/command/update`, "install");
  const { payload } = await client.until(
    ({ messages }) =>
      messages.find(({ topic, payload: text }) => topic === "gangway/bed/result" && text.includes('"update"')),
    40_000,
  );
  return JSON.parse(payload) as Json;
}

const refusal = (status: number) => ({ status, message: "refused by the test" });

async function expectUntouched({ name, id }: { readonly name: string; readonly id: string }): Promise<void> {
  const { Id, State, HostConfig, NetworkSettings } = await docker.getContainer(name).inspect();
  expect(Id).toBe(id);
  expect(State.Running).toBe(true);
  expect(HostConfig.RestartPolicy).toMatchObject({ Name: "always" });
  expect(Object.keys(NetworkSettings.Networks).sort()).toEqual(["back", "front"]);
  const list = await docker.listContainers({ all: true });
  expect(list.flatMap(({ Names }) => Names)).toEqual([`/${name}`]);
}

describe("an update leaves the old container running, and nothing else,", () => {
  it.each([400, 409, 500])("where the engine refuses to create the new one with %i", async (status) => {
    const web = await outdated();
    const startedAt = (await docker.getContainer(web.id).inspect()).State.StartedAt;

    const result = await updateWhile(web.name, ({ path }) =>
      path.startsWith("/containers/create") ? refusal(status) : "pass",
    );

    expect(result).toMatchObject({ state: "failed", message: expect.stringContaining("Nothing was changed") });
    expect((await docker.getContainer(web.id).inspect()).State.StartedAt).toBe(startedAt);
    await expectUntouched(web);
  });

  it("where the new one cannot be connected to a network", async () => {
    const web = await outdated();

    const result = await updateWhile(web.name, ({ path }) => (path.endsWith("/connect") ? refusal(500) : "pass"));

    expect(result).toMatchObject({ state: "failed", message: expect.stringContaining("Nothing was changed") });
    await expectUntouched(web);
  });

  it("where somebody removes the new image before the new one is created", async () => {
    const web = await outdated();

    const result = await updateWhile(web.name, async ({ path }) => {
      if (path.startsWith("/containers/create")) await docker.getImage(web.imageId).remove({ force: true });
      return "pass" as const;
    });

    expect(result).toMatchObject({ state: "failed", message: expect.stringContaining("Nothing was changed") });
    await expectUntouched(web);
  });

  it.each(["update", "stop", "rename", "start"])(
    "where the engine refuses the first %s, without having to create anything again",
    async (action) => {
      const web = await outdated();
      let refusals = 0;

      const result = await updateWhile(web.name, ({ path, method }) => {
        const isIt = method === "POST" && new RegExp(`^/containers/[^/]+/${action}(?:\\?|$)`).test(path);
        return isIt && ++refusals === 1 ? refusal(500) : "pass";
      });

      expect(result).toMatchObject({ ok: false, state: "rolled_back" });
      expect(refusals).toBeGreaterThan(0);
      expect(proxy.calls().filter(({ path }) => path.startsWith("/containers/create"))).toHaveLength(1);
      await expectUntouched(web);
    },
  );
});

it("an update whose old container cannot be removed stays, and that one is removed later", async () => {
  const web = await outdated();

  const result = await updateWhile(web.name, ({ method, path }) =>
    method === "DELETE" && path.startsWith("/containers/") ? refusal(500) : "pass",
  );

  expect(result).toMatchObject({
    ok: true,
    state: "updated",
    message: expect.stringContaining("could not be removed"),
  });
  expect((await docker.getContainer(web.name).inspect()).Id).not.toBe(web.id);
  expect((await docker.getContainer(web.id).inspect()).State.Running).toBe(false);
  proxy.onRequest(undefined);
  const names = async () => (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names);
  await expect.poll(names, { timeout: 30_000 }).toEqual([`/${web.name}`]);
});
