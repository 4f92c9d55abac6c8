import { expect, it } from "vitest";
import { type Home, untilRight } from "./home.ts";
import { announcedIn } from "./published.ts";

const orders = [
  ["broker", "Home Assistant", "Gangway"],
  ["broker", "Gangway", "Home Assistant"],
  ["Home Assistant", "broker", "Gangway"],
  ["Home Assistant", "Gangway", "broker"],
  ["Gangway", "broker", "Home Assistant"],
  ["Gangway", "Home Assistant", "broker"],
] as const;

type Part = (typeof orders)[number][number];

export function testOutages(home: () => Home): void {
  const start: Readonly<Record<Part, () => Promise<void>>> = {
    broker: () => home().startBroker(),
    "Home Assistant": () => home().homeAssistant.start(),
    Gangway: () => home().startGangway(),
  };

  it("a Gangway that was killed makes all its entities unavailable, until it is back", async () => {
    const { homeAssistant } = home();
    const announced = announcedIn(home().client());
    await home().gangway().kill();
    await homeAssistant.until(
      (view) => announced.every(({ unique_id }) => (view.state(unique_id)?.state ?? "unavailable") === "unavailable"),
      "all entities to be unavailable",
    );

    await home().startGangway();
    await untilRight(home());
  });

  it.each(orders)("started in the order %s, %s, %s, all is right again", async (...order) => {
    const web = home().bed.engine.docker.getContainer("web");
    const { State } = await web.inspect();
    await Promise.all([home().stopGangway(), home().homeAssistant.stop()]);
    await home().stopBroker();
    // What nobody has seen happen must be right nevertheless.
    await (State.Running ? web.stop() : web.start());
    for (const part of order) await start[part]();

    await untilRight(home());
    const view = await home().homeAssistant.look();
    expect(view.state("gangway_bed_web_power")?.state).toBe(State.Running ? "off" : "on");
  });
}
