import type { Readable } from "node:stream";
import type { EngineIdentity, EngineSignal } from "../core/ports.ts";
import { GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";
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

/** How long to wait for what. */
export interface WatchTiming {
  readonly firstRetryMs: number;
  readonly slowestRetryMs: number;
  /** For an answer, and for the headers of the event stream. */
  readonly answerMs: number;
  /** The same while the engine counts as reachable, though its stream has just ended: nobody is told until then. */
  readonly quickAnswerMs: number;
  /** A stream that ended sooner is not opened again at once. */
  readonly steadyMs: number;
  readonly pingEveryMs: number;
}

const usualTiming: WatchTiming = {
  firstRetryMs: 100,
  slowestRetryMs: 2_000,
  answerMs: 10_000,
  quickAnswerMs: 5_000,
  steadyMs: 5_000,
  pingEveryMs: 30_000,
};

/**
 * The engine's events, for ever: a lost stream is opened again, and every `up` says that something may have been missed
 * and all has to be read anew. A stream may end for reasons of its own (a proxy's time limit): `down` comes only when it
 * cannot be opened again at once, or when the engine has fallen silent. The consumer must take each signal at once: the
 * engine silently drops events for a listener that is slow to read.
 */
export async function* watchEvents(
  source: EventSource,
  signal: AbortSignal,
  timing: WatchTiming = usualTiming,
): AsyncGenerator<EngineSignal> {
  let isUp: boolean | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const connection = new AbortController();
    const either = AbortSignal.any([signal, connection.signal]);
    let opened: number | undefined;
    let fault: unknown;
    try {
      const [engine, stream] = await connect(source, isUp ? timing.quickAnswerMs : timing.answerMs, either, connection);
      opened = performance.now();
      isUp = true;
      void watchPulse(source, connection, timing, either);
      yield { kind: "up", engine };
      for await (const line of linesOf(stream)) {
        const heard = signalFrom(line);
        if (heard !== undefined) yield heard;
      }
    } catch (error) {
      fault = connection.signal.aborted ? connection.signal.reason : error;
    } finally {
      connection.abort();
    }
    if (signal.aborted) return;
    const isSilent = isErrorWithCode(fault, "timeout");
    if (isUp !== false && (opened === undefined || isSilent)) {
      isUp = false;
      yield { kind: "down", reason: messageOf(fault) };
    }
    if (opened !== undefined && performance.now() - opened >= timing.steadyMs) failures = 0;
    else await pause(backoff(failures++, timing.firstRetryMs, timing.slowestRetryMs), signal);
  }
}

/** Who the engine is, and its event stream, whose headers must come in time: an engine may accept and never answer. */
async function connect(
  source: EventSource,
  answerMs: number,
  signal: AbortSignal,
  connection: AbortController,
): Promise<readonly [EngineIdentity, Readable]> {
  const engine = await source.identify(deadline(answerMs, signal));
  const timer = setTimeout(() => connection.abort(silence()), answerMs);
  try {
    return [engine, await source.open(signal)];
  } finally {
    clearTimeout(timer);
  }
}

/** Cuts a connection whose other end is gone without a word: a half-open TCP stream never ends by itself. */
async function watchPulse(
  source: EventSource,
  connection: AbortController,
  { pingEveryMs, answerMs }: WatchTiming,
  signal: AbortSignal,
): Promise<void> {
  await pause(pingEveryMs, signal);
  await every(
    pingEveryMs,
    async () => {
      await source.ping(deadline(answerMs, signal)).catch(() => connection.abort(silence()));
    },
    signal,
  );
}

function silence(): GangwayError {
  return new GangwayError("timeout", "The engine does not answer any more");
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
