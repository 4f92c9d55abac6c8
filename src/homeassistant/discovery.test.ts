import { describe, expect, it } from "vitest";
import { DiscoveryPayload, discoveryTopic } from "../../test/home-assistant.ts";
import type { Container } from "../core/container.ts";
import { containerDiscovery, nodeDiscovery } from "./discovery.ts";
import { topicsFor } from "./topics.ts";

const topics = topicsFor("nas", "gangway", "homeassistant");
const context = { node: "nas", topics, version: "0.1.0", statsIntervalMs: 30_000 };
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

describe("discovery", () => {
  it.each([0, 5_000, 30_000, 3_600_000])("is what Home Assistant accepts, with statistics every %i ms", (interval) => {
    const settings = { ...context, statsIntervalMs: interval };

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

  it("lets figures expire that stop coming, and leaves them out while statistics are off", () => {
    const componentsOf = (statsIntervalMs: number): Readonly<Record<string, object>> =>
      (containerDiscovery({ container }, { ...context, statsIntervalMs }) as { components: Record<string, object> })
        .components;

    expect(componentsOf(30_000)["cpu"]).toMatchObject({ expire_after: 180 });
    expect(componentsOf(120_000)["cpu"]).toMatchObject({ expire_after: 360 });
    expect(Object.keys(componentsOf(0))).toEqual([
      "update",
      "power",
      "restart",
      "check",
      "auto_update",
      "state",
      "health",
    ]);
  });
});
