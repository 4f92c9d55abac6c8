import type { Config } from "./config/config.ts";
import { containerFrom, isoSeconds, nameFrom } from "./core/container.ts";
import type { ContainerInspect } from "./core/inspect.ts";
import type { Engine, Inventory, Journal, Registry } from "./core/ports.ts";
import { type CheckRecord, type LocalImage, recordAfterRollback, recordAfterUpdate } from "./core/update-status.ts";
import type { Log } from "./lib/log.ts";
import type { Clock } from "./lib/time.ts";
import { checkForUpdates } from "./operations/check.ts";
import { changeLifecycle } from "./operations/lifecycle.ts";
import type { Procedures } from "./operations/runner.ts";
import { type UpdateDependencies, updateContainer } from "./operations/update.ts";

export interface ProcedureDependencies {
  readonly config: Config;
  readonly engine: Engine;
  readonly registry: Registry;
  readonly inventory: Inventory;
  readonly journal: Journal;
  readonly node: string;
  readonly ownContainerId: string | undefined;
  readonly rediscover: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What each command does, with everything that it needs. */
export function proceduresFor(deps: ProcedureDependencies): Procedures {
  const { engine, inventory, config } = deps;
  const isOwn = (container: string): boolean => {
    const { ownContainerId } = deps;
    return ownContainerId !== undefined && inventory.get(container)?.container.id === ownContainerId;
  };
  const lifecycle = { engine, isOwn };
  const update = updateDependencies(deps);
  const check = { ...deps, concurrency: config.check.concurrency };
  return {
    update: (command, order, signal) => updateContainer(update, command, order, signal),
    start: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    stop: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    restart: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    pause: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    unpause: (command, _, signal) => changeLifecycle(lifecycle, command, signal),
    check: (command, _, signal) => checkForUpdates(check, command, signal),
    rediscover: () => {
      deps.rediscover();
      return Promise.resolve({ state: "done", message: "Everything is published again." });
    },
  };
}

/** What replacing a container needs, for the update and for the recovery of interrupted ones. */
export function updateDependencies(deps: ProcedureDependencies): UpdateDependencies {
  const { config, engine, registry, inventory, journal, node, ownContainerId, clock, log } = deps;
  return {
    engine,
    registry,
    inventory,
    journal,
    node,
    ownContainerId,
    gate: {
      healthTimeoutMs: config.update.healthTimeout.ms,
      stableForMs: config.update.stableFor.ms,
    },
    onReplaced: (inspect) =>
      show(deps, inspect, (image, checkedAt) => recordAfterUpdate(inspect.Config.Image, image, checkedAt)),
    onRestored: (inspect, newDigest) =>
      show(deps, inspect, (image, checkedAt) =>
        newDigest === undefined ? undefined : recordAfterRollback(inspect.Config.Image, image, newDigest, checkedAt),
      ),
    clock,
    log,
  };
}

type Judge = (image: LocalImage, checkedAt: string) => CheckRecord | undefined;

/** Shows the container that has the name now at once, not when the engine's events have come around. */
async function show(
  { engine, inventory, clock, log }: ProcedureDependencies,
  inspect: ContainerInspect,
  judge: Judge,
): Promise<void> {
  try {
    const { Id: id, RepoDigests: repoDigests } = await engine.inspectImage(inspect.Image, AbortSignal.timeout(10_000));
    inventory.putContainer(containerFrom(inspect, repoDigests));
    const check = judge({ id, repoDigests }, isoSeconds(clock.now()));
    if (check !== undefined) inventory.setCheck(nameFrom(inspect.Name), check);
  } catch (error) {
    // The engine's events will show it too, a moment later.
    log.debug({ container: nameFrom(inspect.Name), err: error }, "image could not be inspected");
  }
}
