import { vi } from "vitest";
import type { ContainerEvent, ContainerSummary } from "../src/core/engine-answers.ts";
import type { ContainerInspect } from "../src/core/inspect.ts";
import type { Engine, EngineIdentity, EngineSignal } from "../src/core/ports.ts";
import { createInventory } from "../src/inventory/store.ts";
import { type ContainerWatch, watchContainers } from "../src/inventory/watch.ts";
import { GangwayError } from "../src/lib/errors.ts";

const identity: EngineIdentity = {
  hostName: "nas",
  version: "26.1.5",
  apiVersion: "1.45",
  containerdStore: false,
  insecureRegistries: [],
};

export const inspectOf = (id: string, name: string, more: Partial<ContainerInspect> = {}): ContainerInspect =>
  ({
    Id: id,
    Name: `/${name}`,
    Image: "sha256:1",
    RestartCount: 0,
    State: { Status: "running", Running: true, ExitCode: 0, StartedAt: "", FinishedAt: "" },
    Config: { Image: "nginx:1" },
    ...more,
  }) as ContainerInspect;

export const unreachable = (): Promise<never> => Promise.reject(new GangwayError("engine_unreachable", "no engine"));
const notFound = (): Promise<never> => Promise.reject(new GangwayError("engine_not_found", "no such container"));
export const invalid = (): Promise<never> => Promise.reject(new GangwayError("engine_answer_invalid", "not its own"));

/** An engine whose every answer and event the test gives: what happens in which order is the matter of these tests. */
export function scriptedEngine() {
  const containers = new Map<string, ContainerInspect>();
  const signals: EngineSignal[] = [];
  let wake = (): void => {};
  const end = new AbortController();
  const inventory = createInventory();
  const lines: string[] = [];
  const line = (_: object, text: string): void => void lines.push(text);
  const engine = {
    watch: async function* () {
      for (;;) {
        const next = signals.shift();
        if (next !== undefined) yield next;
        else if (end.signal.aborted) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    list: (): Promise<readonly ContainerSummary[]> =>
      Promise.resolve(
        [...containers.values()].map(({ Id: id, Name, State: { Status: state }, Image: imageId }) => {
          return { id, name: Name.slice(1), state, imageId };
        }),
      ),
    inspect: (id: string): Promise<ContainerInspect> => {
      const found = containers.get(id);
      return found === undefined ? notFound() : Promise.resolve(found);
    },
    inspectImage: vi.fn(() =>
      Promise.resolve({ RepoDigests: ["nginx@sha256:1"], Os: "linux", Architecture: "amd64", Config: {} }),
    ),
  };
  const log = { trace: line, debug: line, info: line, warn: line, error: line } as never;
  const watch: ContainerWatch = watchContainers(
    { engine: engine as unknown as Engine, inventory, isWatched: () => true, log },
    end.signal,
  );
  const say = async (...heard: readonly EngineSignal[]): Promise<void> => {
    signals.push(...heard);
    wake();
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    engine,
    inventory,
    watch,
    say,
    lines,
    names: () => inventory.all().map(({ container }) => container.name),
    has: (id: string, name: string, more?: Partial<ContainerInspect>) => containers.set(id, inspectOf(id, name, more)),
    lacks: (id: string) => containers.delete(id),
    isOnline: () => inventory.node().engine !== undefined,
    stop: async () => {
      end.abort();
      wake();
      await watch.ended;
    },
  };
}

export const event = (action: string, id: string, name: string): ContainerEvent => ({
  kind: "container",
  action,
  id,
  name,
  time: 0,
});
export const up: EngineSignal = { kind: "up", engine: identity };
export const down: EngineSignal = { kind: "down", reason: "gone" };
