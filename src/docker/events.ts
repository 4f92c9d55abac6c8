import type { Readable } from "node:stream";
import type { EngineIdentity, EngineSignal } from "../core/ports.ts";
import { messageOf } from "../lib/errors.ts";
import { backoff, deadline, every, pause } from "../lib/time.ts";
import { linesOf } from "./lines.ts";
import { eventLine } from "./schema.ts";

/** What watching needs of the engine. */
interface EventSource {
  readonly identify: (signal: AbortSignal) => Promise<EngineIdentity>;
  /** `GET /events`, resolved when the headers are there: from then on nothing is missed. */
  readonly open: (signal: AbortSignal) => Promise<Readable>;
  readonly ping: (signal: AbortSignal) => Promise<unknown>;
}

/** The filter of `GET /events`: with a list of actions the engine leaves out the noise of every health probe. */
export const eventFilters = {
  type: ["container"],
  event: [
    "create",
    "start",
    "restart",
    "stop",
    "die",
    "oom",
    "pause",
    "unpause",
    "rename",
    "update",
    "destroy",
    "remove",
    "health_status",
  ],
};

const firstRetryMs = 100;
const slowestRetryMs = 2_000;
const pingEveryMs = 30_000;
const pingTimeoutMs = 10_000;

/**
 * The engine's events, for ever: a lost stream is opened again, and every `up` says that something may have been missed
 * and all has to be read anew. The consumer must take each signal at once: the engine silently drops events for a
 * listener that is slow to read.
 */
export async function* watchEvents(source: EventSource, signal: AbortSignal): AsyncGenerator<EngineSignal> {
  let failures = 0;
  while (!signal.aborted) {
    const connection = new AbortController();
    const either = AbortSignal.any([signal, connection.signal]);
    let reason = "the event stream ended";
    try {
      const [engine, stream] = await connect(source, either);
      failures = 0;
      void watchPulse(source, connection, either);
      yield { kind: "up", engine };
      for await (const line of linesOf(stream)) {
        const heard = signalFrom(line);
        if (heard !== undefined) yield heard;
      }
    } catch (error) {
      reason = messageOf(error);
    } finally {
      connection.abort();
    }
    if (signal.aborted) return;
    if (failures === 0) yield { kind: "down", reason };
    await pause(backoff(failures++, firstRetryMs, slowestRetryMs), signal);
  }
}

async function connect(source: EventSource, signal: AbortSignal): Promise<readonly [EngineIdentity, Readable]> {
  const engine = await source.identify(deadline(pingTimeoutMs, signal));
  return [engine, await source.open(signal)];
}

/** Cuts a connection whose other end is gone without a word: a half-open TCP stream never ends by itself. */
async function watchPulse(source: EventSource, connection: AbortController, signal: AbortSignal): Promise<void> {
  await every(
    pingEveryMs,
    async () => {
      await source.ping(deadline(pingTimeoutMs, signal)).catch(() => connection.abort());
    },
    signal,
  );
}

/** One line of the stream in Gangway's words; undefined for what does not concern it, and for garbage. */
export function signalFrom(line: string): EngineSignal | undefined {
  const event = eventLine.safeParse(parsed(line)).data;
  if (event === undefined) return undefined;
  const attributes = event.Actor.Attributes ?? {};
  if (event.Type !== "container") return undefined;
  const [action = "", detail] = event.Action.split(": ", 2);
  const exitCode = Number(attributes["exitCode"] ?? Number.NaN);
  const health = action === "health_status" ? (detail ?? event.HealthStatus) : undefined;
  const oldName = attributes["oldName"]?.replace(/^\//, "");
  return {
    kind: "container",
    // Podman says `remove`, Docker `destroy`.
    action: action === "remove" ? "destroy" : action,
    id: event.Actor.ID,
    name: attributes["name"] ?? "",
    time: typeof event.timeNano === "number" ? event.timeNano / 1e6 : (event.time ?? 0) * 1000,
    ...(Number.isNaN(exitCode) ? {} : { exitCode }),
    ...(health === undefined ? {} : { health }),
    ...(oldName === undefined ? {} : { oldName }),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
