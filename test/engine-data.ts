import type { Container } from "../src/core/container.ts";
import type { ServedEngine } from "../src/core/doors.ts";
import type { ContainerInspect } from "../src/core/inspect.ts";
import type { Inventory } from "../src/core/ports.ts";
import { GangwayError } from "../src/lib/errors.ts";
import type { DeletionsDependencies } from "../src/operations/deletions.ts";

/** What is asked of an engine besides what a test decides itself, from an inventory: nothing is ever removed. */
export function engineData(
  inventory: Inventory,
): Omit<ServedEngine, "images" | "list"> & Omit<DeletionsDependencies["engine"], "list"> {
  const refused = (): Promise<never> => Promise.reject(new GangwayError("engine_refused", "It is only data."));
  return {
    inspect: (wanted) => {
      const found = inventory.all().find(({ container: { name, id } }) => name === wanted || id.startsWith(wanted));
      const missing = new GangwayError("engine_not_found", `There is no container ${wanted}`);
      return found === undefined ? Promise.reject(missing) : Promise.resolve(inspectOf(found.container));
    },
    log: () => Promise.resolve("a line\n"),
    ...{ remove: refused, removeImage: refused, removeVolume: refused, removeNetwork: refused },
    ...{ storedImages: () => Promise.resolve([]), volumes: () => Promise.resolve([]), usage: refused },
    inspectVolume: refused,
  };
}

/** A container's inspect answer with little in it. */
export function inspectOf(container: Container, more: Partial<ContainerInspect> = {}): ContainerInspect {
  const isRunning = container.state === "running";
  return {
    ...{ Id: container.id, Name: `/${container.name}`, Image: container.imageId, RestartCount: 0, Mounts: [] },
    Created: "2026-01-01T00:00:00Z",
    State: {
      ...{ Status: container.state, Running: isRunning, Paused: false, Restarting: false, Dead: false },
      ...{ OOMKilled: false, ExitCode: container.exitCode ?? 0, Error: "", FinishedAt: "2026-01-01T00:00:00Z" },
      StartedAt: container.startedAt ?? "0001-01-01T00:00:00Z",
    },
    Config: { Image: container.image, Labels: container.labels, Env: ["PASSWORD=hidden"] },
    HostConfig: { NetworkMode: "bridge" },
    NetworkSettings: { Networks: {}, Ports: {} },
    ...more,
  };
}
