import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import type { BedClient } from "../bed/mqtt-client.ts";
import { configFor, type GangwayProcess, startGangway } from "../gangway.ts";
import { DiscoveryPayload, discoveryTopic, UpdateState } from "../home-assistant.ts";

let bed: Bed;
let client: BedClient;
let gangway: GangwayProcess;
let digest: string;

const web = "gangway/bed/container/web";

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  const image = await publishImage(bed.registry, { name: "app", tag: "1", version: "1" });
  digest = image.digest;
  await pullImage(bed.engine.docker, image.reference);
  await runContainer(bed.engine.docker, "web", image.reference);
  await runContainer(bed.engine.docker, "my.app", image.reference);
  client = await bed.broker.connect();
  gangway = await startGangway(bed, { config: configFor(bed, { stats: { interval: 5 } }) });
  await client.until(({ retained }) => retained(`${web}/update`)?.includes("latest_version"));
});
afterAll(async () => {
  await gangway?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
afterEach(() => client.clear());

function stateOf(payload: string | undefined): Readonly<Record<string, unknown>> {
  return JSON.parse(payload ?? "{}") as Readonly<Record<string, unknown>>;
}

/** Sends a command and resolves with its result. */
async function command(topic: string, payload: string): Promise<Readonly<Record<string, unknown>>> {
  const id = `test-${Math.random()}`;
  const body = payload.startsWith("{") ? JSON.stringify({ ...(JSON.parse(payload) as object), id }) : payload;
  client.clear();
  await client.publish(topic, body);
  const result = await client.until(({ messages }) => messages.find(({ topic: at }) => at === "gangway/bed/result"));
  return stateOf(result.payload);
}

describe("on the topics", () => {
  it("stands a device for the node and for each container, in the form that Home Assistant takes", () => {
    const configs = client.topics().filter((topic) => topic.startsWith("homeassistant/"));

    expect(configs.sort()).toEqual([
      "homeassistant/device/gangway_bed/config",
      expect.stringMatching(/^homeassistant\/device\/gangway_bed_my_app_[0-9a-f]{6}\/config$/),
      "homeassistant/device/gangway_bed_web/config",
    ]);
    for (const topic of configs) {
      expect(topic).toMatch(discoveryTopic);
      expect(() => DiscoveryPayload.parse(stateOf(client.retained(topic)))).not.toThrow();
    }
  });

  it("stands a retained value behind every topic that an entity's availability or state is read from", () => {
    for (const topic of client.topics().filter((name) => name.startsWith("homeassistant/"))) {
      const { availability, components } = DiscoveryPayload.parse(stateOf(client.retained(topic)));
      const sources = Object.values(components).flatMap((component) =>
        "state_topic" in component && !/\/(?:stats|event)$/.test(component.state_topic) ? [component.state_topic] : [],
      );
      for (const source of [...availability.map((entry) => entry.topic), ...sources]) {
        expect(client.retained(source), source).toBeDefined();
      }
    }
    expect(client.retained("gangway/bed/status")).toBe("online");
    expect(client.retained("gangway/bed/engine")).toBe("online");
    expect(client.retained(`${web}/availability`)).toBe("online");
  });

  it("stands what is true of a container", () => {
    expect(stateOf(client.retained(`${web}/state`))).toMatchObject({
      state: "running",
      running: true,
      health: "none",
      image: `${bed.registry.host}/app:1`,
      digest,
      status: "up_to_date",
      verdict: "up_to_date",
      exit_code: null,
      phase: "idle",
      last_result: "none",
    });
    const version = `1 (${digest.slice(7, 19)})`;
    expect(UpdateState.parse(stateOf(client.retained(`${web}/update`)))).toEqual({
      installed_version: version,
      latest_version: version,
      title: `${bed.registry.host}/app:1`,
      release_summary: "",
      in_progress: false,
      update_percentage: null,
    });
  });

  it("come the figures of running containers, not retained", async () => {
    const stats = await client.until(({ messages }) => {
      const found = messages.filter(({ topic }) => topic === `${web}/stats`).map(({ payload }) => stateOf(payload));
      return found.find(({ cpu_percent }) => cpu_percent !== null);
    }, 20_000);

    expect(stats).toMatchObject({
      cpu_percent: expect.any(Number),
      pids: expect.any(Number),
      net_rx_rate: expect.any(Number),
    });
    expect(stats["memory_bytes"]).toBeGreaterThan(0);
    expect(client.retained(`${web}/stats`)).toBeUndefined();
    const node = await client.until(({ messages }) => messages.find(({ topic }) => topic === "gangway/bed/stats"));
    expect(stateOf(node.payload)["memory_bytes"]).toBeGreaterThan(0);
  });
});

describe("a change of a container", () => {
  it("is published at once, in at most two messages about its state, and nothing else is repeated", async () => {
    await bed.engine.docker.getContainer("web").stop();
    await client.until(({ retained }) => stateOf(retained(`${web}/state`))["state"] === "exited");
    await client.until(({ retained }) => stateOf(retained("gangway/bed/state"))["containers_running"] === 1);
    const settled = client.messages.filter(({ topic }) => !/\/(?:stats|event)$/.test(topic));
    const event = client.messages.filter(({ topic }) => topic === "gangway/bed/event");

    expect(stateOf(client.retained(`${web}/state`))).toMatchObject({ running: false, exit_code: 0 });
    expect(event.map(({ payload }) => stateOf(payload))).toMatchObject([
      { event_type: "container_died", container: "web", operation: null, exit_code: 0 },
    ]);
    expect(client.retained("gangway/bed/event")).toBeUndefined();
    expect(settled.filter(({ topic }) => topic === `${web}/state`).length).toBeLessThanOrEqual(2);
    expect(new Set(settled.map(({ topic }) => topic))).toEqual(new Set([`${web}/state`, "gangway/bed/state"]));
    client.clear();

    await bed.engine.docker.getContainer("web").start();
    await client.until(({ retained }) => stateOf(retained(`${web}/state`))["running"] === true);

    expect(stateOf(client.retained(`${web}/state`))).toMatchObject({ state: "running", exit_code: null });
  });

  it("makes a device of a new container, and keeps the device of one that is gone as unavailable", async () => {
    const container = await runContainer(bed.engine.docker, "new", `${bed.registry.host}/app:1`);
    await client.until(
      ({ retained }) => stateOf(retained("gangway/bed/container/new/state"))["status"] === "up_to_date",
    );
    expect(client.retained("homeassistant/device/gangway_bed_new/config")).toBeDefined();

    await container.remove({ force: true });
    await client.until(({ retained }) => retained("gangway/bed/container/new/availability") === "offline");

    expect(client.retained("homeassistant/device/gangway_bed_new/config")).toBeDefined();
    expect(stateOf(client.retained("gangway/bed/state"))).toMatchObject({ containers_total: 3 });
    const events = await client.until(({ messages }) => {
      const found = messages
        .filter(({ topic }) => topic === "gangway/bed/event")
        .map(({ payload }) => stateOf(payload));
      return found.length === 3 && found.map(({ event_type }) => event_type);
    });
    expect(events).toEqual(["container_added", "container_died", "container_removed"]);
  });

  it("never makes a device of a name that a container bears only while it is replaced", async () => {
    const image = `${bed.registry.host}/app:1`;
    const names = ["web.gw-new-0a1b2c3d", "web.gw-old-0a1b2c3d", "0a1b2c3d4e5f_web", "marker"];
    const containers = [];
    for (const name of names) containers.push(await runContainer(bed.engine.docker, name, image));
    await client.until(({ retained }) => retained("gangway/bed/container/marker/state"));

    expect(client.topics().filter((topic) => /gw-|0a1b2c3d4e5f/.test(topic))).toEqual([]);
    for (const container of containers) await container.remove({ force: true });
    await client.until(({ retained }) => retained("gangway/bed/container/marker/availability") === "offline");
  });

  it("follows a rename", async () => {
    const container = await runContainer(bed.engine.docker, "before", `${bed.registry.host}/app:1`);
    await client.until(({ retained }) => retained("gangway/bed/container/before/state"));

    await container.rename({ name: "after" });
    await client.until(({ retained }) => retained("gangway/bed/container/after/availability") === "online");
    await client.until(({ retained }) => retained("gangway/bed/container/before/availability") === "offline");

    await container.remove({ force: true });
    await client.until(({ retained }) => retained("gangway/bed/container/after/availability") === "offline");
  });
});

describe("a command", () => {
  it.each([
    ["power", "OFF", "exited"],
    ["power", "ON", "running"],
    ["stop", "", "exited"],
    ["start", "PRESS", "running"],
    ["pause", "{}", "paused"],
    ["unpause", "unpause", "running"],
  ])("%s %j leads to a container that is %s, and to a result", async (name, payload, state) => {
    const result = await command(`${web}/command/${name}`, payload);

    expect(result).toMatchObject({
      container: "web",
      ok: true,
      state: "done",
      message: expect.stringContaining("web"),
    });
    await client.until(({ retained }) => stateOf(retained(`${web}/state`))["state"] === state);
    const { State } = await bed.engine.docker.getContainer("web").inspect();
    expect(State.Status).toBe(state);
  });

  it("restart gives the container a new run", async () => {
    const before = await bed.engine.docker.getContainer("web").inspect();

    expect(await command(`${web}/command/restart`, "PRESS")).toMatchObject({ ok: true, command: "restart" });

    const after = await bed.engine.docker.getContainer("web").inspect();
    expect(after.Id).toBe(before.Id);
    expect(after.State.StartedAt).not.toBe(before.State.StartedAt);
  });

  it("check asks the registry, once for both containers of the image", async () => {
    bed.registry.clearRequests();

    expect(await command("gangway/bed/command/check", "PRESS")).toMatchObject({
      ok: true,
      command: "check",
      container: null,
      message: expect.stringContaining("2 checked"),
    });

    expect(bed.registry.requests().map(({ method }) => method)).toEqual(["HEAD"]);
  });

  it("rediscover publishes everything again", async () => {
    client.clear();
    await command("gangway/bed/command/rediscover", "");
    const topics = await client.until(({ messages }) => {
      const seen = messages.map(({ topic }) => topic);
      return seen.includes("gangway/bed/state") && seen.includes(`${web}/update`) && seen;
    });

    expect(topics).toContain("homeassistant/device/gangway_bed_web/config");
  });

  it.each([
    ["for a container that is not there", "gangway/bed/container/nope/command/stop", "", /no container named "nope"/],
    ["that does not exist", `${web}/command/explode`, "", /no command "explode"/],
    ["of the node that does not exist", "gangway/bed/command/explode", "", /no command "explode"/],
    ["with garbage for a payload", `${web}/command/stop`, "\u0000\u0001{]", /nothing was changed/],
    ["with an option that it does not have", `${web}/command/stop`, '{"when":"now"}', /nothing was changed/],
  ])("%s is refused with a reason, and changes nothing", async (_, topic, payload, message) => {
    const before = await bed.engine.docker.getContainer("web").inspect();

    const result = await command(topic, payload);

    expect(result).toMatchObject({ ok: false, state: "rejected", message: expect.stringMatching(message) });
    expect((await bed.engine.docker.getContainer("web").inspect()).State).toEqual(before.State);
  });

  it("is answered on the MQTT 5 response topic, with the sender's correlation data and id", async () => {
    const correlationData = Buffer.from([1, 2, 3]);
    await client.publish(`${web}/command/check`, '{"id":"mine"}', { responseTopic: "answers/here", correlationData });

    const answer = await client.until(({ messages }) => messages.find(({ topic }) => topic === "answers/here"));

    expect(stateOf(answer.payload)).toMatchObject({ id: "mine", ok: true, command: "check", container: "web" });
    expect(answer.correlationData).toEqual(correlationData);
    expect(answer.retain).toBe(false);
  });

  it("refused is answered there too", async () => {
    await client.publish(`${web}/command/explode`, "", { responseTopic: "answers/here" });

    const answer = await client.until(({ messages }) => messages.find(({ topic }) => topic === "answers/here"));

    expect(stateOf(answer.payload)).toMatchObject({ ok: false, state: "rejected" });
  });

  it("that is retained is dropped with one line in the log", async () => {
    await client.publish(`${web}/command/stop`, "", { retain: true });
    await client.publish(`${web}/command/stop`, "stop", { retain: true });
    const line = await gangway.logged(({ msg }) => msg.startsWith("retained command dropped"));

    expect(line).toMatchObject({ topic: `${web}/command/stop` });
    expect((await bed.engine.docker.getContainer("web").inspect()).State.Running).toBe(true);
    await client.publish(`${web}/command/stop`, "", { retain: true });
  });

  it("that is repeated while it runs is done once", async () => {
    bed.registry.hang();
    client.clear();
    for (const id of ["one", "two", "three"]) {
      await client.publish(`${web}/command/check`, JSON.stringify({ id }), { responseTopic: `answers/${id}` });
    }
    bed.registry.clearRequests();
    bed.registry.ok();
    await client.publish("gangway/bed/command/check", "");
    const answers = await client.until(({ messages }) => {
      const found = messages.filter(({ topic }) => topic.startsWith("answers/"));
      return found.length === 3 && found.map(({ payload }) => stateOf(payload)["id"]);
    }, 30_000);

    expect(answers.sort()).toEqual(["one", "three", "two"]);
    const results = client.messages.filter(({ topic }) => topic === "gangway/bed/result");
    expect(new Set(results.map(({ payload }) => stateOf(payload)["started_at"])).size).toBeLessThanOrEqual(2);
  });
});

describe("Home Assistant's birth", () => {
  it("is answered with everything, configs first", async () => {
    client.clear();
    await client.publish("homeassistant/status", "online");

    const seen = await client.until(({ messages }) => {
      const topics = messages.map(({ topic }) => topic);
      return topics.includes("gangway/bed/status") && topics.includes(`${web}/state`) && topics;
    }, 20_000);

    const last = (part: string): number => seen.findLastIndex((topic) => topic.startsWith(part));
    // A check of the test before may have changed a state meanwhile: the last one counts.
    expect(last("homeassistant/device/")).toBeLessThan(last(`${web}/state`));
  });
});
