import { type Container, healthFrom, isoSeconds } from "./container.ts";
import type { ContainerEvent } from "./engine-answers.ts";

/** Actions after which a container looks different, each with what it shows by itself. An inspect corrects the rest. */
const effects: Readonly<Record<string, (container: Container, event: ContainerEvent) => Container>> = {
  start: (container, { time }) => ({
    ...container,
    state: "running",
    startedAt: isoSeconds(time),
    exitCode: null,
    health: container.health === "none" ? "none" : "starting",
  }),
  die: (container, { time, exitCode }) => ({
    ...container,
    state: "exited",
    finishedAt: isoSeconds(time),
    exitCode: exitCode ?? container.exitCode,
  }),
  pause: (container) => ({ ...container, state: "paused" }),
  unpause: (container) => ({ ...container, state: "running" }),
  health_status: (container, { health }) => ({ ...container, health: healthFrom(health) }),
};

/** The container after an engine event, as far as the event itself tells. */
export function containerAfter(container: Container, event: ContainerEvent): Container {
  return effects[event.action]?.(container, event) ?? container;
}
