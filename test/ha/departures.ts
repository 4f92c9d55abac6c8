import { expect, it } from "vitest";
import { z } from "zod";
import { runContainer } from "../bed/containers.ts";
import type { HomeAssistantView } from "../bed/home-assistant/view.ts";
import { type Home, idOf, untilRight } from "./home.ts";

const guest = "gangway_bed_guest";
const idsIn = ({ entities }: HomeAssistantView) =>
  new Map([...entities].map(([unique, { entity_id }]) => [unique, entity_id] as const));

/** What is removed has to wait for a minute after Home Assistant has started, until it certainly hears of it. */
const keptBackMs = 90_000;

export function testDepartures(home: () => Home): void {
  const docker = () => home().bed.engine.docker;
  const run = async (name: string) => runContainer(docker(), name, `${home().bed.registry.host}/app:1`);
  const remove = (name: string) => docker().getContainer(name).remove({ force: true });

  async function restartGangway(settings?: Readonly<Record<string, unknown>>): Promise<void> {
    await home().stopGangway();
    await home().startGangway(settings);
  }

  async function receiveGuest(): Promise<void> {
    await run("guest");
    await home().homeAssistant.until((view) => view.state(idOf("guest", "power"))?.state === "on", "the guest");
  }

  const isGone = (view: HomeAssistantView): boolean =>
    !view.devices.has(guest) && ![...view.entities.keys()].some((id) => id.startsWith(guest));

  it("one that goes while Home Assistant is away leaves nothing behind", async () => {
    const { homeAssistant } = home();
    await receiveGuest();
    await homeAssistant.stop();
    await remove("guest");
    await home()
      .client()
      .until(({ retained }) => retained("gangway/bed/container/guest/availability") === "offline");
    await homeAssistant.start();

    await homeAssistant.until(isGone, "its departure", keptBackMs);
    await untilRight(home());
  });

  // Home Assistant has been there for more than a minute now, so that nothing has to wait for it.
  it("a removed container is unavailable, and after the grace neither a device nor an entity of it is left", async () => {
    const { homeAssistant } = home();
    await receiveGuest();
    await remove("guest");

    await homeAssistant.until((view) => view.state(idOf("guest", "power"))?.state === "unavailable", "its absence");
    await homeAssistant.until(isGone, "its departure");
    await untilRight(home());
  });

  it("a container that is made anew keeps its entities, under the names that people gave them", async () => {
    const { homeAssistant } = home();
    const entity_id = (await homeAssistant.look()).entities.get(idOf("web", "cpu"))?.entity_id;
    const renamed = { entity_id, new_entity_id: "sensor.load_of_the_web" };
    await homeAssistant.ask({ type: "config/entity_registry/update", ...renamed }, z.unknown());
    const before = idsIn(await homeAssistant.look());
    const { Id } = await docker().getContainer("web").inspect();
    await remove("web");
    await homeAssistant.until((view) => view.state(idOf("web", "power"))?.state === "unavailable", "its absence");
    await run("web");

    await homeAssistant.until((view) => view.state(idOf("web", "power"))?.state === "on", "its return");
    await untilRight(home());
    expect((await docker().getContainer("web").inspect()).Id).not.toBe(Id);
    expect(idsIn(await homeAssistant.look())).toEqual(before);
    expect(before.get(idOf("web", "cpu"))).toBe("sensor.load_of_the_web");
  });

  it.each([
    ["statistics are off", { stats: { interval: 0 } }, "cpu"],
    ["one is excluded", { entities: { exclude: ["restart"] } }, "restart"],
  ])("where %s, its entities go, and come back as they were", async (_case, settings, key) => {
    const { homeAssistant } = home();
    const before = idsIn(await homeAssistant.look());
    await restartGangway(settings);
    await homeAssistant.until(({ entities }) => !entities.has(idOf("web", key)), `${key} to go`);
    await untilRight(home());

    await restartGangway();
    await homeAssistant.until(({ entities }) => entities.has(idOf("web", key)), `${key} to come back`);
    await untilRight(home());
    expect(idsIn(await homeAssistant.look())).toEqual(before);
  });

  it("where the preset was changed while Home Assistant was away, no entity is left of the larger one", async () => {
    const { homeAssistant } = home();
    await homeAssistant.stop();
    await restartGangway({ entities: { preset: "minimal" } });
    await homeAssistant.start();

    await homeAssistant.until(({ entities }) => !entities.has(idOf("web", "health")), "health to go");
    await untilRight(home());
    await restartGangway();
    await homeAssistant.until(({ entities }) => entities.has(idOf("web", "health")), "health to come back");
    await untilRight(home());
  });
}
