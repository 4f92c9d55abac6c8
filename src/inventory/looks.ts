import { containerFrom } from "../core/container.ts";
import type { LocalImage } from "../core/image-identity.ts";
import type { Engine } from "../core/ports.ts";
import type { CheckRecord } from "../core/update-status.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { isWorthALine } from "../lib/repeated.ts";
import { backoff } from "../lib/time.ts";
import type { Hearing } from "./hearing.ts";
import type { ImageBook } from "./image-book.ts";
import type { Roster } from "./roster.ts";

/** What is known of a container's image without asking a registry; undefined for nothing. */
export type Judge = (image: LocalImage) => CheckRecord | undefined;

export interface LookDependencies {
  readonly engine: Pick<Engine, "inspect">;
  readonly images: ImageBook;
  readonly roster: Roster;
  readonly hearing: Hearing;
  readonly log: Log;
}

/** Looks at single containers: their inspect answers, put into the roster. */
export interface Looks {
  /**
   * Looks at a container and shows it. Where that fails it is tried again and again by itself; never rejects, and tells
   * whether the engine could say anything of the container.
   */
  readonly look: (id: string) => Promise<boolean>;
  /** The same at once and once, together with what `judge` says; rejects with what the engine's calls reject with. */
  readonly lookNow: (id: string, judge: Judge, signal: AbortSignal) => Promise<void>;
  /** Looks are of no use for now: nothing is tried again. */
  readonly rest: () => void;
}

const firstRetryMs = 1_000;
const slowestRetryMs = 60_000;
/** A container that is never quiet is shown as it was a moment ago. */
const mostTries = 3;

export function createLooks(deps: LookDependencies, signal: AbortSignal): Looks {
  const { engine, images, roster, hearing, log } = deps;
  const retries = new Map<string, { readonly attempt: number; readonly timer: NodeJS.Timeout }>();
  const rest = (): void => {
    for (const { timer } of retries.values()) clearTimeout(timer);
    retries.clear();
  };
  const settle = (id: string): number => {
    const retry = retries.get(id);
    clearTimeout(retry?.timer);
    retries.delete(id);
    return retry?.attempt ?? 0;
  };
  signal.addEventListener("abort", rest);

  const look = async (id: string): Promise<boolean> => {
    using listening = hearing.listen();
    try {
      const inspect = await engine.inspect(id, signal);
      const container = containerFrom(inspect, (await images.imageOf(inspect.Image, signal)).repoDigests);
      settle(id);
      // Where something was heard meanwhile, another look follows.
      if (!listening.heard(id)) roster.put(container);
      return true;
    } catch (error) {
      const attempt = settle(id);
      if (isErrorWithCode(error, "engine_not_found")) {
        roster.forget(id);
        return true;
      }
      if (signal.aborted) return false;
      const container = roster.nameOf(id) ?? id;
      if (isWorthALine(attempt)) log.warn({ container, err: error }, "container could not be inspected, still trying");
      const timer = setTimeout(() => void look(id), backoff(attempt, firstRetryMs, slowestRetryMs));
      retries.set(id, { attempt: attempt + 1, timer });
      return false;
    }
  };

  return {
    look,
    rest,
    lookNow: async (id, judge, limit) => {
      for (let tries = 1; ; tries++) {
        using listening = hearing.listen();
        const inspect = await engine.inspect(id, limit);
        const image = await images.imageNow(inspect.Image, limit);
        if (listening.heard(id) && tries < mostTries) continue;
        roster.put(containerFrom(inspect, image.repoDigests), judge(image));
        return;
      }
    },
  };
}
