import PQueue from "p-queue";
import { type Container, containerFrom, isTransientName } from "../core/container.ts";
import { containerAfter } from "../core/container-events.ts";
import type { ContainerEvent, Engine, EngineIdentity, Inventory } from "../core/ports.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { every } from "../lib/time.ts";
import { createBursts } from "./bursts.ts";
import { createImageBook } from "./image-book.ts";
import { createRoster } from "./roster.ts";

export interface WatchDependencies {
  readonly engine: Pick<Engine, "watch" | "list" | "inspect" | "inspectImage">;
  readonly inventory: Inventory;
  readonly isWatched: (container: Container) => boolean;
  readonly log: Log;
}

/** A container's events come in bursts (`kill`, `die`, `stop`, `start`, `restart`); it is looked at once they are over. */
const burstMs = 100;
const longestBurstMs = 1_000;
const retryMs = 1_000;
/** The engine drops events silently when it is pressed: look at its list now and then. */
const reconcileEveryMs = 600_000;
const parallelInspects = 8;

/** Keeps the inventory equal to what the engine has, from its events, until `signal` aborts. */
export async function watchContainers(deps: WatchDependencies, signal: AbortSignal): Promise<void> {
  const watch = createWatch(deps, signal);
  void every(reconcileEveryMs, watch.reconcile, signal);
  for await (const heard of deps.engine.watch(signal)) {
    switch (heard.kind) {
      case "up":
        void watch.resync(heard.engine);
        break;
      case "down":
        watch.lose(heard.reason);
        break;
      case "container":
        watch.apply(heard);
        break;
      default:
        heard satisfies never;
    }
  }
}

interface Watch {
  /** Reads everything anew. */
  readonly resync: (engine: EngineIdentity) => Promise<void>;
  /** Looks at those that the list shows otherwise than the inventory. */
  readonly reconcile: () => Promise<void>;
  readonly lose: (reason: string) => void;
  readonly apply: (event: ContainerEvent) => void;
}

function createWatch({ engine, inventory, isWatched, log }: WatchDependencies, signal: AbortSignal): Watch {
  const roster = createRoster({ inventory, isWatched }, signal);
  /** Counts what was heard of each id: an answer that was under way meanwhile is out of date. */
  const heard = new Map<string, number>();
  const images = createImageBook(engine);
  const queue = new PQueue({ concurrency: parallelInspects });
  let connections = 0;

  const look = async (id: string): Promise<void> => {
    const before = heard.get(id);
    try {
      const inspect = await engine.inspect(id, signal);
      const container = containerFrom(inspect, await images.digestsOf(inspect.Image, signal));
      if (heard.get(id) === before) roster.put(container);
    } catch (error) {
      if (isErrorWithCode(error, "engine_not_found")) roster.forget(id);
      else if (!isErrorWithCode(error, "aborted", "engine_unreachable")) {
        log.warn({ container: roster.nameOf(id) ?? id, err: error }, "container could not be inspected");
        setTimeout(() => bursts.touch(id), retryMs).unref();
      }
    }
  };
  const queueLook = (id: string): Promise<void> => queue.add(() => look(id));
  const bursts = createBursts({ quietMs: burstMs, longestMs: longestBurstMs }, (id) => void queueLook(id), signal);

  return {
    resync: async (identity) => {
      const connection = ++connections;
      try {
        const list = await engine.list(signal);
        roster.replace(list);
        await Promise.all(list.filter(({ name }) => !isTransientName(name)).map(({ id }) => queueLook(id)));
        if (connection !== connections || signal.aborted) return;
        inventory.setEngine(identity);
        log.info({ engine: identity.version, containers: inventory.all().length }, "engine is online");
      } catch (error) {
        // The stream will break as well, and the next `up` starts over.
        if (!signal.aborted) log.warn({ err: error }, "containers could not be listed");
      }
    },
    reconcile: async () => {
      if (inventory.node().engine === undefined) return;
      try {
        for (const { id, name, state } of await engine.list(signal)) {
          const known = inventory.get(name)?.container;
          if (!isTransientName(name) && (known?.id !== id || known.state !== state)) bursts.touch(id);
        }
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, "containers could not be listed");
      }
    },
    lose: (reason) => {
      connections++;
      log.warn({ reason }, "engine is offline");
      inventory.setEngine(undefined);
    },
    apply: (event) => {
      heard.set(event.id, (heard.get(event.id) ?? 0) + 1);
      if (event.action === "destroy") {
        heard.delete(event.id);
        roster.forget(event.id);
        return;
      }
      const known = inventory.get(roster.nameOf(event.id) ?? event.name)?.container;
      if (known?.id === event.id) inventory.putContainer(containerAfter(known, event));
      bursts.touch(event.id);
    },
  };
}
