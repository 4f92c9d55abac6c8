import { expect, it } from "vitest";
import { z } from "zod";
import { documentedFor, documentedIds, entitiesOf } from "./documented.ts";
import { type Home, idOf, nodeIdOf, untilRight } from "./home.ts";
import { announcedIn } from "./published.ts";

export function testEntities(home: () => Home): void {
  it("are all there, each as it was announced, with the state that stands on the broker", async ({ annotate }) => {
    await untilRight(home());
    const view = await home().homeAssistant.look();
    const announced = announcedIn(home().client());
    await annotate(`Home Assistant ${home().version}, ${announced.length} entities`);

    expect(announced.length).toBeGreaterThan(40);
    const isOff = announced.filter(({ unique_id }) => view.entities.get(unique_id)?.disabled_by === "integration");
    expect(isOff).toEqual(announced.filter(({ enabled_by_default }) => !enabled_by_default));
  });

  it.each([
    ["web", "state", "running"],
    ["web", "power", "on"],
    ["web", "health", "none"],
    ["web", "update", "off"],
    ["db", "health", "healthy"],
    ["db", "auto_update", "off"],
    ["job", "state", "created"],
    ["job", "power", "off"],
    ["job", "update", "off"],
  ])("of %s: %s is %s", async (container, key, expected) => {
    const { homeAssistant } = home();
    await homeAssistant.until((view) => view.state(idOf(container, key))?.state === expected, `${key} ${expected}`);
  });

  it("have the figures of what runs, in the units that people read", async () => {
    const { homeAssistant } = home();
    const memory = await homeAssistant.until((view) => {
      const state = view.state(idOf("web", "memory"));
      return Number(state?.state) > 0 && state;
    }, "the memory of web");

    expect(Number(memory.state)).toBeLessThan(100);
    expect(memory.attributes).toMatchObject({
      unit_of_measurement: "MiB",
      device_class: "data_size",
      state_class: "measurement",
    });
  });

  it("of the node count its containers", async () => {
    const view = await home().homeAssistant.look();

    expect(view.state(nodeIdOf("running"))?.state).toBe("2");
    expect(view.state(nodeIdOf("engine"))?.state).toBe("on");
    expect(view.state(nodeIdOf("updates"))?.state).toBe("0");
  });

  it("that are off at first work when they are switched on", async () => {
    const { homeAssistant } = home();
    const { entities } = await homeAssistant.look();
    const isOff = [...entities.values()].filter(({ disabled_by }) => disabled_by !== null);
    for (const { entity_id } of isOff) {
      await homeAssistant.ask({ type: "config/entity_registry/update", entity_id, disabled_by: null }, z.unknown());
    }
    // It would load them by itself half a minute later, in the middle of the tests that follow.
    await homeAssistant.stop();
    await homeAssistant.start();

    await untilRight(home());
    expect([...(await homeAssistant.look()).entities.values()].filter(({ disabled_by }) => disabled_by)).toEqual([]);
  });

  it("have the ids that docs/home-assistant.md writes", async () => {
    const view = await home().homeAssistant.look();
    const ids = [...view.entities.values()].map(({ entity_id }) => entity_id);
    // The documentation's node is called nas, that of the bed is called bed.
    const documented = documentedIds().map((id) => id.replace(".docker_nas_", ".docker_bed_"));

    expect(documented.length).toBeGreaterThan(10);
    expect(documented.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it.each([
    ["gangway_bed", "node"],
    ["gangway_bed_web", "container"],
    ["gangway_bed_db", "container"],
    ["gangway_bed_job", "container"],
  ] as const)("of %s are exactly those that docs/entities.md has for a %s", async (device, kind) => {
    const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => a.key.localeCompare(b.key);
    const there = entitiesOf(await home().homeAssistant.look(), device);

    expect([...there].sort(byKey)).toEqual([...documentedFor(kind)].sort(byKey));
  });
}
