import type { Container } from "../src/core/container.ts";

/** A container that runs, as the inventory has it. */
export function runningContainer(name: string, more: Partial<Container> = {}): Container {
  return {
    name,
    id: `id-${name}`,
    image: "nginx:1",
    imageId: "sha256:1",
    repoDigests: [],
    state: "running",
    health: "none",
    startedAt: null,
    finishedAt: null,
    restartCount: 0,
    exitCode: null,
    labels: {},
    ...more,
  };
}
