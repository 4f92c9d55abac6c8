import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type Publication, publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { crashing } from "../bed/variants.ts";
import { type GangwayProcess, startGangway } from "../gangway.ts";

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  client = await bed.broker.connect();
  gangway = await startGangway(bed);
  await client.until(({ retained }) => retained("gangway/bed/engine") === "online");
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const { Id } of await bed.engine.docker.listContainers({ all: true })) {
    await bed.engine.docker.getContainer(Id).remove({ force: true, v: true });
  }
  client.clear();
});

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;
const inspect = (name: string) => bed.engine.docker.getContainer(name).inspect();
const names = async (): Promise<readonly string[]> =>
  (await bed.engine.docker.listContainers({ all: true }))
    .map(({ Names }) => Names.find((name) => name.lastIndexOf("/") === 0) ?? "")
    .sort();

let repositories = 0;

/** A running container on version 1 of a repository of its own name, and how to publish the next version. */
async function openParent(options = {}) {
  const name = `vpn${++repositories}`;
  const publish = (version: string, more: Partial<Publication> = {}) =>
    publishImage(bed.registry, { name, tag: "stable", version, ...more });
  const { reference } = await publish("1");
  await pullImage(bed.engine.docker, reference);
  const { id } = await runContainer(bed.engine.docker, name, reference, options);
  return { name, id, reference, publish };
}

/** An image for children, which has nothing to do with the parent's. */
async function childImage(): Promise<string> {
  const { reference } = await publishImage(bed.registry, { name: "child", tag: "stable", version: "1" });
  await pullImage(bed.engine.docker, reference);
  return reference;
}

async function ask(name: string, command: string): Promise<Json> {
  await client.until(({ retained }) => parse(retained(`gangway/bed/container/${name}/state`))["running"] !== undefined);
  client.clear();
  await client.publish(`gangway/bed/container/${name}/command/${command}`, "");
  const { payload } = await client.until(
    ({ messages }) =>
      messages.find(({ topic, payload }) => topic === "gangway/bed/result" && parse(payload)["command"] === command),
    40_000,
  );
  return parse(payload);
}

describe("the update of a container that others depend on", () => {
  it("gives those in its network, its IPC and its process namespace the new one", async () => {
    const parent = await openParent({ HostConfig: { IpcMode: "shareable" } });
    const image = await childImage();
    for (const [name, member] of [
      ["net", "NetworkMode"],
      ["ipc", "IpcMode"],
      ["pid", "PidMode"],
    ] as const) {
      await runContainer(bed.engine.docker, name, image, { HostConfig: { [member]: `container:${parent.name}` } });
    }
    await runContainer(bed.engine.docker, "grandchild", image, { HostConfig: { PidMode: "container:net" } });
    await parent.publish("2");

    const result = await ask(parent.name, "update");

    expect(result).toMatchObject({ state: "updated", message: expect.stringMatching(/along with it\.$/) });
    expect(await names()).toEqual(["/grandchild", "/ipc", "/net", "/pid", `/${parent.name}`]);
    const { Id: newId } = await inspect(parent.name);
    expect(newId).not.toBe(parent.id);
    expect((await inspect("net")).HostConfig.NetworkMode).toBe(`container:${newId}`);
    expect((await inspect("ipc")).HostConfig.IpcMode).toBe(`container:${newId}`);
    expect((await inspect("pid")).HostConfig.PidMode).toBe(`container:${newId}`);
    expect((await inspect("grandchild")).HostConfig.PidMode).toBe(`container:${(await inspect("net")).Id}`);
    for (const name of ["net", "ipc", "pid", "grandchild"]) {
      expect(await inspect(name)).toMatchObject({ State: { Running: true }, Config: { Image: image } });
    }
    expect(await runIn(bed.engine.docker, "net", "ls", "/sys/class/net")).toContain("eth0");
  });

  it("recreates one that does not run without starting it", async () => {
    const parent = await openParent();
    const image = await childImage();
    await bed.engine.docker.createContainer({
      name: "idle",
      Image: image,
      HostConfig: { NetworkMode: `container:${parent.name}` },
    });
    await parent.publish("2");

    expect(await ask(parent.name, "update")).toMatchObject({ state: "updated" });

    const idle = await inspect("idle");
    expect(idle.State.Status).toBe("created");
    expect(idle.HostConfig.NetworkMode).toBe(`container:${(await inspect(parent.name)).Id}`);
  });

  it("gives those with a legacy link to it a link to the new one", async () => {
    const parent = await openParent();
    const image = await childImage();
    await runContainer(bed.engine.docker, "linked", image, { HostConfig: { Links: [`${parent.name}:gate`] } });
    await parent.publish("2");

    expect(await ask(parent.name, "update")).toMatchObject({ state: "updated" });

    const linked = await inspect("linked");
    expect(linked.HostConfig.Links).toEqual([`/${parent.name}:/linked/gate`]);
    const { Networks } = (await inspect(parent.name)).NetworkSettings;
    expect(await runIn(bed.engine.docker, "linked", "cat", "/etc/hosts")).toContain(Networks["bridge"]?.IPAddress);
    await bed.engine.docker.getContainer("linked").restart({ t: 0 });
    expect((await inspect("linked")).State.Running).toBe(true);
  });

  it("lets one that depends on it keep its own image, and the tag of that its own", async () => {
    const parent = await openParent();
    await runContainer(bed.engine.docker, "sibling", parent.reference, {
      HostConfig: { NetworkMode: `container:${parent.name}` },
    });
    const { Image: one } = await inspect("sibling");
    await parent.publish("2");

    expect(await ask(parent.name, "update")).toMatchObject({ state: "updated" });

    expect(await inspect("sibling")).toMatchObject({ Image: one, Config: { Image: parent.reference } });
    const { Image: two } = await inspect(parent.name);
    expect(two).not.toBe(one);
    expect((await bed.engine.docker.getImage(parent.reference).inspect()).Id).toBe(two);
  });

  it("restarts those that asked for it, by compose or by label", async () => {
    const compose = (service: string, more = {}) => ({
      "com.docker.compose.project": "home",
      "com.docker.compose.service": service,
      ...more,
    });
    const parent = await openParent({ Labels: compose("gate") });
    const image = await childImage();
    const dependsOn = (value: string) => compose("other", { "com.docker.compose.depends_on": value });
    for (const [name, Labels] of [
      ["compose", dependsOn("gate:service_healthy:true")],
      ["indifferent", dependsOn("gate:service_started:false")],
      ["label", { "gangway.depends-on": parent.name }],
    ] as const) {
      await runContainer(bed.engine.docker, name, image, { Labels });
    }
    const started = async (name: string) => (await inspect(name)).State.StartedAt;
    const before = {
      compose: await started("compose"),
      indifferent: await started("indifferent"),
      label: await started("label"),
    };
    const { Id } = await inspect("label");
    await parent.publish("2");

    expect(await ask(parent.name, "update")).toMatchObject({ state: "updated" });

    expect(await started("compose")).not.toBe(before.compose);
    expect(await started("label")).not.toBe(before.label);
    expect(await started("indifferent")).toBe(before.indifferent);
    expect((await inspect("label")).Id).toBe(Id);
  });
});

describe("the whole group is rolled back, to the very same containers,", () => {
  it.each([
    ["when the container itself fails", crashing(), ""],
    // In another's network it has the other's host name, which is the start of its id.
    ["when one of its dependants fails", {}, '[ "$(hostname)" = "$PARENT" ] || exit 3;'],
  ])("%s", async (_, variant, condition) => {
    const parent = await openParent();
    const child = await runContainer(bed.engine.docker, "child", await childImage(), {
      Env: [`PARENT=${parent.id.slice(0, 12)}`],
      Cmd: ["sh", "-c", `${condition} trap 'exit 0' TERM; while :; do sleep 60 & wait $!; done`],
      HostConfig: { NetworkMode: `container:${parent.name}`, RestartPolicy: { Name: "unless-stopped" } },
    });
    await parent.publish("2", variant);

    expect(await ask(parent.name, "update")).toMatchObject({ state: "rolled_back" });

    expect(await names()).toEqual(["/child", `/${parent.name}`]);
    expect(await inspect(parent.name)).toMatchObject({ Id: parent.id, State: { Running: true } });
    expect(await inspect("child")).toMatchObject({
      Id: child.id,
      State: { Running: true, Restarting: false },
      HostConfig: { RestartPolicy: { Name: "unless-stopped" } },
    });
  });
});

describe("a rollback on demand", () => {
  it("gives a container the image back that it ran before its last update, and an update takes it forward again", async () => {
    const parent = await openParent();
    const { Image: one } = await inspect(parent.name);
    await parent.publish("2");
    await ask(parent.name, "update");
    const { Image: two } = await inspect(parent.name);

    expect(await ask(parent.name, "rollback")).toMatchObject({ ok: true, state: "done" });

    expect(await inspect(parent.name)).toMatchObject({ Image: one, Config: { Image: parent.reference } });
    expect((await bed.engine.docker.getImage(parent.reference).inspect()).Id).toBe(two);
    expect(await ask(parent.name, "update")).toMatchObject({ state: "updated" });
    expect((await inspect(parent.name)).Image).toBe(two);
  });

  it("is refused where no earlier image was kept", async () => {
    const parent = await openParent();

    expect(await ask(parent.name, "rollback")).toMatchObject({ ok: false, state: "rejected" });
    expect((await inspect(parent.name)).Id).toBe(parent.id);
  });
});

describe("a container whose namespace's owner somebody recreated alone", () => {
  it("gets the new one's when it is recreated, where a label tells which that is", async () => {
    const parent = await openParent();
    const orphan = `orphan-${parent.name}`;
    await runContainer(bed.engine.docker, orphan, await childImage(), {
      Labels: { "gangway.depends-on": parent.name },
      HostConfig: { NetworkMode: `container:${parent.name}` },
    });
    await bed.engine.docker.getContainer(parent.name).remove({ force: true });
    const { id } = await runContainer(bed.engine.docker, parent.name, parent.reference);

    expect(await ask(orphan, "recreate")).toMatchObject({ state: "done" });

    expect((await inspect(orphan)).HostConfig.NetworkMode).toBe(`container:${id}`);
    expect(await runIn(bed.engine.docker, orphan, "ls", "/sys/class/net")).toContain("eth0");
  });
});

describe("the restart of a container that others depend on", () => {
  it.each(["restart", "start"])("by the command %s restarts those in its network that run", async (command) => {
    const parent = await openParent();
    const image = await childImage();
    const HostConfig = { NetworkMode: `container:${parent.id}` };
    await runContainer(bed.engine.docker, "runs", image, { HostConfig });
    await bed.engine.docker.createContainer({ name: "rests", Image: image, HostConfig });
    if (command === "start") await bed.engine.docker.getContainer(parent.id).stop();
    const { StartedAt } = (await inspect("runs")).State;

    expect(await ask(parent.name, command)).toMatchObject({
      state: "done",
      message: expect.stringContaining("runs, which depends on it, was restarted too."),
    });

    expect((await inspect("runs")).State.StartedAt).not.toBe(StartedAt);
    expect((await inspect("rests")).State.Status).toBe("created");
    expect(await runIn(bed.engine.docker, "runs", "ls", "/sys/class/net")).toContain("eth0");
  });
});

describe("a recreation", () => {
  it("makes the same container of the same image", async () => {
    const parent = await openParent({ Labels: { mine: "kept" } });
    const before = await inspect(parent.name);

    expect(await ask(parent.name, "recreate")).toMatchObject({
      ok: true,
      state: "done",
      message: expect.stringContaining("recreated"),
    });

    const after = await inspect(parent.name);
    expect(after.Id).not.toBe(parent.id);
    expect(after).toMatchObject({
      Image: before.Image,
      Config: { Image: before.Config.Image, Labels: { mine: "kept" } },
    });
  });
});
