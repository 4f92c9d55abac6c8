import PQueue from "p-queue";
import { type Container, isTransientName } from "../core/container.ts";
import { containerAfter } from "../core/container-events.ts";
import type { ContainerEvent, ContainerSummary } from "../core/engine-answers.ts";
import type { Engine, EngineIdentity, Inventory } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { isWorthALine } from "../lib/repeated.ts";
import { backoff, every, pause } from "../lib/time.ts";
import { createBursts } from "./bursts.ts";
import { createHearing } from "./hearing.ts";
import { createImageBook } from "./image-book.ts";
import { createLooks, type Judge } from "./looks.ts";
import { createRoster } from "./roster.ts";

export interface WatchDependencies {
  readonly engine: Pick<Engine, "watch" | "list" | "inspect" | "inspectImage">;
  readonly inventory: Inventory;
  readonly isWatched: (container: Container) => boolean;
  readonly log: Log;
}

export interface ContainerWatch {
  /** Resolves when the watch has ended, after its signal aborted. */
  readonly ended: Promise<void>;
  /**
   * Looks at one container and shows it at once, not when its events have come around: for an operation that has just
   * changed it. The container and what `judge` says of its image are shown in one step. Rejects with what the engine's
   * calls reject with.
   */
  readonly look: (id: string, judge: Judge, signal: AbortSignal) => Promise<void>;
}

/** A container's events come in bursts (`kill`, `die`, `stop`, `start`, `restart`); it is looked at once they are over. */
const burstMs = 100;
const longestBurstMs = 1_000;
const firstRetryMs = 500;
const slowestRetryMs = 30_000;
/** The engine drops events silently when it is pressed: look at its list now and then. */
const reconcileEveryMs = 600_000;
const parallelInspects = 8;

/** Keeps the inventory equal to what the engine has, from its events, until `signal` aborts. */
export function watchContainers(deps: WatchDependencies, signal: AbortSignal): ContainerWatch {
  const watch = createWatch(deps, signal);
  const follow = async (): Promise<void> => {
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
  };
  return { ended: follow(), look: watch.look };
}

interface Watch extends Pick<ContainerWatch, "look"> {
  /** Reads everything anew. */
  readonly resync: (engine: EngineIdentity) => Promise<void>;
  /** Looks at those that the list shows otherwise than the inventory. */
  readonly reconcile: () => Promise<void>;
  readonly lose: (reason: string) => void;
  readonly apply: (event: ContainerEvent) => void;
}

function createWatch({ engine, inventory, isWatched, log }: WatchDependencies, signal: AbortSignal): Watch {
  const roster = createRoster({ inventory, isWatched }, signal);
  const hearing = createHearing();
  const images = createImageBook(engine);
  const looks = createLooks({ engine, images, roster, hearing, log }, signal);
  const queue = new PQueue({ concurrency: parallelInspects });
  const queueLook = (id: string): Promise<boolean> => queue.add(() => looks.look(id));
  const bursts = createBursts({ quietMs: burstMs, longestMs: longestBurstMs }, (id) => void queueLook(id), signal);
  let connection = new AbortController();

  const tidy = (): void => images.keep(new Set(inventory.all().map(({ container }) => container.imageId)));
  const readAll = async (limit: AbortSignal): Promise<void> => {
    using listening = hearing.listen();
    const list = await engine.list(limit);
    if (limit.aborted) return;
    roster.replace(list, listening.heard);
    const looked = await Promise.all(list.filter(isToBeShown).map(({ id }) => queueLook(id)));
    // One that can't be read is left to its own retries; if none can, the engine is not well.
    if (looked.length > 0 && !looked.includes(true))
      throw new GangwayError("engine_failed", "No container can be read");
    tidy();
  };

  return {
    look: looks.lookNow,
    resync: async (identity) => {
      connection.abort();
      connection = new AbortController();
      const limit = AbortSignal.any([signal, connection.signal]);
      for (let attempt = 0; !limit.aborted; attempt++) {
        try {
          await readAll(limit);
          if (!limit.aborted) welcome(inventory, identity, log);
          return;
        } catch (error) {
          if (limit.aborted) return;
          inventory.setEngine(undefined);
          if (isWorthALine(attempt)) log.warn({ err: error }, "containers could not be read, still trying");
          await pause(backoff(attempt, firstRetryMs, slowestRetryMs), limit);
        }
      }
    },
    reconcile: async () => {
      if (inventory.node().engine === undefined) return;
      using listening = hearing.listen();
      try {
        const list = await engine.list(signal);
        roster.strike(list, listening.heard);
        for (const one of list) if (isToBeShown(one) && !isShown(inventory, one)) bursts.touch(one.id);
        tidy();
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, "containers could not be listed");
      }
    },
    lose: (reason) => {
      connection.abort();
      looks.rest();
      log.warn({ reason }, "engine is offline");
      inventory.setEngine(undefined);
    },
    apply: (event) => {
      hearing.hear(event.id);
      if (event.action === "destroy") {
        roster.forget(event.id);
        return;
      }
      const known = inventory.get(roster.nameOf(event.id) ?? event.name)?.container;
      if (known?.id === event.id) inventory.putContainer(containerAfter(known, event));
      bursts.touch(event.id);
    },
  };
}

function welcome(inventory: Inventory, identity: EngineIdentity, log: Log): void {
  const wasAway = inventory.node().engine === undefined;
  inventory.setEngine(identity);
  const fields = { engine: identity.version, containers: inventory.all().length };
  if (wasAway) log.info(fields, "engine is online");
  else log.debug(fields, "everything was read anew");
}

function isToBeShown({ name }: ContainerSummary): boolean {
  return !isTransientName(name);
}

function isShown(inventory: Inventory, { id, name, state }: ContainerSummary): boolean {
  const known = inventory.get(name)?.container;
  return known?.id === id && known.state === state;
}
