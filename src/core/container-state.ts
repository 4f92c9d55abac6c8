import { type ContainerStateName, containerStates } from "./inspect.ts";

/** Podman's own words (https://docs.podman.io/en/latest/markdown/podman-ps.1.html) in Docker's. */
const synonyms: ReadonlyMap<string, ContainerStateName> = new Map([
  ["configured", "created"],
  ["initialized", "created"],
  ["stopping", "running"],
  ["stopped", "exited"],
]);

/** An engine's word for a container's state as one of Docker's; one that nobody knows yet is told from whether it runs. */
export function stateNameFrom(word: string, isRunning: boolean): ContainerStateName {
  const text = word.toLowerCase();
  const known = containerStates.find((name) => name === text);
  return known ?? synonyms.get(text) ?? (isRunning ? "running" : "exited");
}
