import { describe, expect, it } from "vitest";
import { DiscoveryPayload, discoveryTopic, wholeComponents } from "../../test/home-assistant.ts";
import type { Container } from "../core/container.ts";
import { containerEntityKeys, entityPresets, nodeEntityKeys } from "../core/entity-selection.ts";
import { containerDiscovery, type DeviceContext, type EntitySettings, nodeDiscovery } from "./discovery.ts";
import { isDiskShown } from "./node-entities.ts";
import { topicsFor } from "./topics.ts";

const topics = topicsFor("nas", "gangway", "homeassistant");
const standard: EntitySettings = { preset: "standard", include: [], exclude: [] };
const context: DeviceContext = { node: "nas", topics, version: "0.1.0", statsIntervalMs: 30_000, entities: standard };
const container: Container = {
  name: "web",
  id: "a".repeat(64),
  image: "nginx:1.27",
  imageId: `sha256:${"0".repeat(64)}`,
  repoDigests: [`nginx@sha256:${"1b2c3d4e5f60".padEnd(64, "0")}`],
  state: "running",
  health: "none",
  startedAt: null,
  finishedAt: null,
  restartCount: 0,
  exitCode: null,
  labels: {},
};

type Components = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The components of a container's device, as Home Assistant takes them. */
function componentsWith(entities: Partial<EntitySettings>, more: Partial<DeviceContext> = {}): Components {
  const payload = containerDiscovery({ container }, { ...context, ...more, entities: { ...standard, ...entities } });
  return Object.fromEntries(wholeComponents(DiscoveryPayload.parse(payload)));
}

function nodeComponentsWith(entities: Partial<EntitySettings>): Components {
  const payload = nodeDiscovery({ ...context, entities: { ...standard, ...entities } });
  return Object.fromEntries(wholeComponents(DiscoveryPayload.parse(payload)));
}

const disabledIn = (components: Components): readonly string[] =>
  Object.keys(components).filter((key) => components[key]?.["enabled_by_default"] === false);

describe("discovery", () => {
  it.each(
    [0, 5_000, 30_000, 3_600_000].flatMap((interval) => entityPresets.map((preset) => [interval, preset] as const)),
  )("is what Home Assistant accepts, with statistics every %i ms and the preset %s", (interval, preset) => {
    const settings = { ...context, statsIntervalMs: interval, entities: { ...standard, preset, prefix: "x_{node}" } };

    expect(() => DiscoveryPayload.parse(containerDiscovery({ container }, settings))).not.toThrow();
    expect(() => DiscoveryPayload.parse(nodeDiscovery(settings))).not.toThrow();
  });

  it.each(["web", "Web_1", "my.app.db", "a-b", `${"x".repeat(200)}.y`])(
    "has a topic that Home Assistant reads, for a container named %s",
    (name) => {
      expect(topics.containerConfig(name)).toMatch(discoveryTopic);
    },
  );

  it("keeps two containers apart whose names differ in a dot only", () => {
    const names = ["a.b", "a_b", "a.b_", "a_b."];

    expect(new Set(names.map(topics.containerConfig)).size).toBe(names.length);
  });

  it("hangs the container's device on the node's, with the version that it runs", () => {
    expect(containerDiscovery({ container }, context)).toMatchObject({
      device: {
        identifiers: ["gangway_nas_web"],
        name: "web",
        model: "nginx:1.27",
        sw_version: "1.27 (1b2c3d4e5f60)",
        via_device: "gangway_nas",
      },
    });
    expect(nodeDiscovery(context)).toMatchObject({ device: { identifiers: ["gangway_nas"] } });
  });

  it("makes every entity unavailable with the bridge, the engine or the container", () => {
    expect(containerDiscovery({ container }, context)).toMatchObject({
      availability: [
        { topic: "gangway/nas/status" },
        { topic: "gangway/nas/engine" },
        { topic: "gangway/nas/container/web/availability" },
      ],
      availability_mode: "all",
    });
  });

  it("calls the device what the container's label says", () => {
    const labelled = { ...container, labels: { "gangway.name": "Web server" } };

    expect(containerDiscovery({ container: labelled }, context)).toMatchObject({ device: { name: "Web server" } });
  });

  it("is the same after a recreation but for the version, so that nothing is lost in Home Assistant", () => {
    const recreated = {
      ...container,
      id: "b".repeat(64),
      imageId: `sha256:${"1".repeat(64)}`,
      startedAt: "2026-01-01T00:00:00Z",
    };

    expect(containerDiscovery({ container: recreated }, context)).toEqual(containerDiscovery({ container }, context));
  });
});

describe("the entities", () => {
  it("are few in the preset minimal", () => {
    expect(Object.keys(componentsWith({ preset: "minimal" }))).toEqual(["update", "power", "restart", "problem"]);
    expect(Object.keys(nodeComponentsWith({ preset: "minimal" }))).toEqual(["engine", "updates", "event", "check"]);
  });

  it("are in the preset standard those of every day, with the seldom wanted ones disabled", () => {
    const components = componentsWith({});
    const disabled = disabledIn(components);

    expect(Object.keys(components).filter((key) => !disabled.includes(key))).toEqual([
      ...["update", "power", "restart", "check", "auto_update", "state", "health", "problem", "check_problem", "phase"],
      ...["last_result", "last_update", "started_at", "restarts", "image", "cpu", "memory", "net_rx", "net_tx"],
    ]);
    expect(disabled).toEqual([
      ...["recreate", "rollback", "backup", "update_status", "last_backup", "exit_code", "digest"],
      ...["memory_percent", "memory_limit", "net_rx_total", "net_tx_total", "block_read", "block_write", "pids"],
    ]);
  });

  it("are in the preset full all that there are, and enabled", () => {
    const [components, nodeComponents] = [componentsWith({ preset: "full" }), nodeComponentsWith({ preset: "full" })];

    expect(Object.keys(components)).toEqual(containerEntityKeys);
    expect(Object.keys(nodeComponents).toSorted()).toEqual(nodeEntityKeys.toSorted());
    expect([...disabledIn(components), ...disabledIn(nodeComponents)]).toEqual([]);
  });

  it("are also those that are asked for, enabled, and never those that are not wanted", () => {
    const selection = { include: ["pids", "node.job"], exclude: ["power", "node.event"] } as const;

    expect(componentsWith(selection)["pids"]).not.toHaveProperty("enabled_by_default");
    expect(componentsWith(selection)).not.toHaveProperty("power");
    expect(nodeComponentsWith({ ...selection, preset: "minimal" })).toHaveProperty("job");
    expect(nodeComponentsWith(selection)).not.toHaveProperty("event");
  });

  it("of the disk are those that are asked for only: the engine works hard for them", () => {
    expect(Object.keys(nodeComponentsWith({})).filter((key) => key.endsWith("_size"))).toEqual([]);
    expect(isDiskShown(standard)).toBe(false);
    expect(isDiskShown({ ...standard, preset: "full" })).toBe(true);
    expect(isDiskShown({ ...standard, include: ["node.images_size"] })).toBe(true);
    expect(nodeComponentsWith({ include: ["node.images_size"] })["images_size"]).toMatchObject({
      ...{ unit_of_measurement: "GB", device_class: "data_size", state_class: "measurement" },
    });
  });

  it("expire where they are figures that stop coming, and are left out while statistics are off", () => {
    expect(componentsWith({}, { statsIntervalMs: 30_000 })["cpu"]).toMatchObject({ expire_after: 180 });
    expect(componentsWith({}, { statsIntervalMs: 120_000 })["cpu"]).toMatchObject({ expire_after: 360 });
    expect(componentsWith({ preset: "full", include: ["cpu"] }, { statsIntervalMs: 0 })).not.toHaveProperty("cpu");
  });

  it("get ids with the prefix where one is set, and Home Assistant's own where none is", () => {
    const named = { ...container, name: "My.app-1" };
    const prefixed = { ...context, entities: { ...standard, prefix: "docker_{node}" } };
    const { components } = containerDiscovery({ container: named }, prefixed);

    expect(components).toMatchObject({
      power: { default_entity_id: "switch.docker_nas_my_app_1" },
      net_rx: { default_entity_id: "sensor.docker_nas_my_app_1_network_in" },
    });
    expect(nodeDiscovery(prefixed).components).toMatchObject({
      updates: { default_entity_id: "sensor.docker_nas_updates_available" },
    });
    expect(componentsWith({})["power"]).not.toHaveProperty("default_entity_id");
  });

  it("look as the container's label says", () => {
    const shown = (label: string): Components =>
      containerDiscovery({ container: { ...container, labels: { "gangway.icon": label } } }, context)
        .components as unknown as Components;

    expect(shown("mdi:web")["power"]).toMatchObject({ icon: "mdi:web" });
    expect(shown("https://x.example/i.png")).toMatchObject({
      power: { entity_picture: "https://x.example/i.png", icon: "mdi:docker" },
      update: { entity_picture: "https://x.example/i.png" },
    });
    expect(shown("nonsense")).toEqual(componentsWith({}));
  });
});
