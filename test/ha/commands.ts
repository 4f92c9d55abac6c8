import { expect, it } from "vitest";
import { untilInspect } from "../bed/containers.ts";
import type { PublishedImage } from "../bed/images.ts";
import { eventually } from "../bed/wait.ts";
import { type Home, idOf, nodeIdOf, untilRight } from "./home.ts";

/** How Home Assistant is shown the image: the version that its label has, and the beginning of its digest. */
const versionOf = (version: string, { digest }: PublishedImage): string =>
  `${version} (${digest.slice("sha256:".length).slice(0, 12)})`;

export function testCommands(home: () => Home): void {
  const inspect = (name: string) => home().bed.engine.docker.getContainer(name).inspect();
  const untilState = (id: string, expected: string, ms?: number) =>
    home().homeAssistant.until((view) => view.state(id)?.state === expected, `${id} to be ${expected}`, ms);
  const lastCheck = async () => (await home().homeAssistant.look()).state(nodeIdOf("last_check"))?.state;

  /** Looks at the registry, and resolves when Home Assistant has been told that it is done. */
  async function check(): Promise<void> {
    const before = await lastCheck();
    // It is shown in whole seconds: the next check has to be in another one.
    await eventually(() => !(Date.now() < Date.parse(before ?? "") + 1_000), "the next second", 5_000);
    const { homeAssistant } = home();
    await homeAssistant.perform("button.press", nodeIdOf("check"));
    await homeAssistant.until((view) => view.state(nodeIdOf("last_check"))?.state !== before, "a check");
  }

  it("a press on the restart button restarts the container", async () => {
    const { State } = await inspect("web");
    await home().homeAssistant.perform("button.press", idOf("web", "restart"));

    await untilInspect(
      home().bed.engine.docker,
      "web",
      (now) => now.State.Running && now.State.StartedAt !== State.StartedAt,
    );
    await untilRight(home());
  });

  it("an update is offered, installed with its progress to be seen, and then over", async () => {
    const { homeAssistant } = home();
    const version = versionOf("2", await home().publishApp("2"));
    await check();
    await untilState(idOf("web", "update"), "on");
    using followed = await homeAssistant.follow(idOf("web", "update"));

    await homeAssistant.perform("update.install", idOf("web", "update"));
    const after = await homeAssistant.until((view) => {
      const state = view.state(idOf("web", "update"));
      return state?.state === "off" && state.attributes["in_progress"] === false && state;
    }, "the end of the update");

    expect(after.attributes["installed_version"]).toBe(version);
    expect(after.attributes["latest_version"]).toBe(version);
    expect(after.attributes["update_percentage"]).toBeNull();
    const progress = followed.states.filter(({ attributes }) => attributes["in_progress"] === true);
    const percentages = progress.map(({ attributes }) => Number(attributes["update_percentage"]));
    expect(percentages.length).toBeGreaterThan(1);
    expect(percentages).toEqual([...percentages].sort((a, b) => a - b));
    expect(percentages.every((percent) => percent >= 0 && percent <= 100)).toBe(true);
    expect((await inspect("web")).Config.Labels["org.opencontainers.image.version"]).toBe("2");
  });

  it("a skipped version stays skipped when everything is published again", async () => {
    const { homeAssistant, client } = home();
    const update = idOf("web", "update");
    await home().publishApp("3");
    await check();
    await untilState(update, "on");
    await homeAssistant.perform("update.skip", update);
    await untilState(update, "off");

    client().clear();
    await client().publish("gangway/bed/command/rediscover", "");
    await client().until(({ messages }) => messages.find(({ topic }) => topic === "gangway/bed/container/web/update"));
    await check();

    const skipped = (await homeAssistant.look()).state(update);
    expect(skipped?.state).toBe("off");
    expect(skipped?.attributes["skipped_version"]).toBe(skipped?.attributes["latest_version"]);
    await homeAssistant.perform("update.clear_skipped", update);
    await untilState(update, "on");
  });

  it("the power switch stops and starts the container", async () => {
    const { homeAssistant } = home();
    await homeAssistant.perform("switch.turn_off", idOf("web", "power"));
    await untilState(idOf("web", "power"), "off");
    await untilState(idOf("web", "state"), "exited");
    expect((await inspect("web")).State.Running).toBe(false);

    await homeAssistant.perform("switch.turn_on", idOf("web", "power"));
    await untilState(idOf("web", "power"), "on");
    await untilState(idOf("web", "state"), "running");
    expect((await inspect("web")).State.Running).toBe(true);
  });

  it("the switch for automatic updates stays as it was set, and has what is due installed", async () => {
    const { homeAssistant } = home();
    const switched = idOf("web", "auto_update");
    await homeAssistant.perform("switch.turn_on", switched);
    await untilState(switched, "on");
    const version = versionOf("4", await home().publishApp("4"));
    await check();
    await homeAssistant.until(
      (view) => view.state(idOf("web", "update"))?.attributes["installed_version"] === version,
      "the installation of what is due",
    );
    expect((await inspect("web")).Config.Labels["org.opencontainers.image.version"]).toBe("4");

    await homeAssistant.perform("switch.turn_off", switched);
    await untilState(switched, "off");
    await untilRight(home());
  });
}
