import { join } from "node:path";
import { setTimeout as timer } from "node:timers/promises";
import { z } from "zod";
import type { Bed } from "../bed.ts";
import type { Daemon } from "../daemon.ts";
import { freePort } from "../ports.ts";
import { eventually } from "../wait.ts";
import type { Installation } from "./installation.ts";
import { asksForOwner, connectToBroker, onboard } from "./onboarding.ts";
import { prepareConfiguration, startProgram } from "./program.ts";
import { restAt } from "./rest.ts";
import { openSocket, type SocketCommand } from "./socket.ts";
import { type HomeAssistantState, type HomeAssistantView, lookAt } from "./view.ts";

/** A real Home Assistant, connected to the bed's broker. It goes with the bed. */
export interface HomeAssistant {
  readonly url: string;
  /** A long-lived access token of its owner. */
  readonly token: string;
  /** Starts it on the data it had; resolves when it says that it runs. */
  readonly start: () => Promise<void>;
  /** Asks it to end, as a service manager does. */
  readonly stop: () => Promise<void>;
  readonly look: () => Promise<HomeAssistantView>;
  /** Resolves with what `find` makes of it, as soon as that is neither undefined nor false; `what` is for the error. */
  readonly until: <T>(
    find: (view: HomeAssistantView) => T | undefined | false,
    what: string,
    ms?: number,
  ) => Promise<T>;
  /** Performs an action, such as `switch.turn_off`, on an entity; throws what Home Assistant says where it fails. */
  readonly perform: (action: string, uniqueId: string, data?: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Collects the states that an entity goes through from now on; the array grows. */
  readonly follow: (uniqueId: string) => Promise<Followed>;
  readonly ask: <T>(command: SocketCommand, Result: z.ZodType<T>) => Promise<T>;
  /** What it has logged at warning and above since the last `clearLog`. */
  readonly log: () => Promise<readonly HomeAssistantLogEntry[]>;
  readonly clearLog: () => Promise<void>;
}

/** Ends with its scope. */
export interface Followed extends Disposable {
  readonly states: readonly HomeAssistantState[];
}

const LogEntry = z.object({
  name: z.string(),
  level: z.string(),
  message: z.array(z.string()),
  exception: z.string(),
  source: z.tuple([z.string(), z.int()]),
});
export type HomeAssistantLogEntry = z.infer<typeof LogEntry>;

/** Some seconds on a machine with nothing else to do. */
const startMs = 300_000;
const stopMs = 60_000;
const untilMs = 120_000;

/** Starts Home Assistant for the bed, makes its owner, and connects it to the bed's broker. */
export async function openHomeAssistant(bed: Bed, installation: Installation): Promise<HomeAssistant> {
  const directory = join(bed.directory, "home-assistant");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await prepareConfiguration(directory, port);
  let daemon: Daemon;
  const begin = async (isUp: () => Promise<boolean>): Promise<void> => {
    daemon = await startProgram(installation, bed.directory, directory);
    const isUpOrDead = (): Promise<boolean> => {
      if (!daemon.isRunning()) throw new Error(`Home Assistant ended at its start:\n${daemon.log()}`);
      return isUp();
    };
    await eventually(isUpOrDead, "Home Assistant to answer", startMs);
  };
  await begin(() => asksForOwner(url));
  const token = await onboard(url);
  const runs = () => isRunning(url, token);
  await eventually(runs, "Home Assistant to run", startMs);
  await connectToBroker(url, token, bed.broker.port);
  return {
    url,
    token,
    start: () => begin(runs),
    stop: () => daemon.end("SIGTERM", stopMs),
    ...lookingAt(url, token),
  };
}

/** Has it set up all of its integrations? */
function isRunning(url: string, token: string): Promise<boolean> {
  return restAt(url, token)
    .get("/api/config", z.object({ state: z.string() }))
    .then(
      ({ state }) => state === "RUNNING",
      () => false,
    );
}

type Looking = Omit<HomeAssistant, "url" | "token" | "start" | "stop">;

function lookingAt(url: string, token: string): Looking {
  const open = () => openSocket(url, token);
  const look = async (): Promise<HomeAssistantView> => {
    using socket = await open();
    return await lookAt(socket);
  };
  const entityOf = async (uniqueId: string): Promise<string> => {
    const entity = (await look()).entities.get(uniqueId);
    if (entity === undefined) throw new Error(`Home Assistant has no entity ${uniqueId}`);
    return entity.entity_id;
  };
  const perform: Looking["perform"] = async (action, uniqueId, data = {}) => {
    const entity_id = await entityOf(uniqueId);
    await restAt(url, token).post(`/api/services/${action.replace(".", "/")}`, { entity_id, ...data }, z.unknown());
  };
  const ask: Looking["ask"] = async (command, Result) => {
    using socket = await open();
    return await socket.ask(command, Result);
  };
  return {
    look,
    until: (find, what, ms = untilMs) => until(open, find, what, ms),
    perform,
    ask,
    follow: async (uniqueId) => {
      const entity = await entityOf(uniqueId);
      const states: HomeAssistantState[] = [];
      const socket = await open();
      await socket.subscribe(({ event_type, data }) => {
        const changed = StateChanged.safeParse(data);
        if (event_type !== "state_changed" || !changed.success) return;
        if (changed.data.entity_id === entity && changed.data.new_state !== null) states.push(changed.data.new_state);
      });
      return { states, [Symbol.dispose]: socket[Symbol.dispose] };
    },
    log: () => ask({ type: "system_log/list" }, z.array(LogEntry)),
    clearLog: async () => {
      await restAt(url, token).post("/api/services/system_log/clear", {}, z.unknown());
    },
  };
}

const StateChanged = z.object({
  entity_id: z.string(),
  new_state: z
    .object({ entity_id: z.string(), state: z.string(), attributes: z.record(z.string(), z.unknown()) })
    .nullable(),
});

/** Looks again at every event, and where there is none for a while; over restarts of Home Assistant. */
async function until<T>(
  open: () => ReturnType<typeof openSocket>,
  find: (view: HomeAssistantView) => T | undefined | false,
  what: string,
  ms: number,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    try {
      using socket = await open();
      let changed = Promise.withResolvers<void>();
      await socket.subscribe(() => changed.resolve());
      for (;;) {
        const found = find(await lookAt(socket));
        if (found !== undefined && found !== false) return found;
        if (performance.now() > end) break;
        await Promise.race([changed.promise, timer(quietMs)]);
        changed = Promise.withResolvers<void>();
        // A burst of events is looked at once.
        await timer(burstMs);
      }
    } catch (error) {
      if (performance.now() > end) throw error;
      await timer(quietMs);
    }
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for Home Assistant: ${what}`);
  }
}

const quietMs = 1_000;
const burstMs = 100;
