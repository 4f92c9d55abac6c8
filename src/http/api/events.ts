import type { FastifyReply } from "fastify";
import type { LoggedEvent } from "./event-log.ts";
import { type Answer, problem } from "./problem.ts";
import { type ApiSubject, nodesNamed } from "./subject.ts";

/** So many may listen at a time: each holds a connection and a buffer. */
const mostListeners = 100;
/** Whoever is so far behind is dropped: it reads too slowly, or not at all. In bytes, besides the system's own buffers. */
const mostBuffered = 256 * 1024;
/** Proxies cut connections that are silent for a minute. */
const heartbeatMs = 15_000;
/** What a browser waits before it comes again. */
const retryMs = 5_000;

/**
 * Sends what happens to `reply` as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html),
 * until the client goes, is too slow, it changes who may come in, or `closing` aborts. Whoever comes back with the id of
 * the last message (`Last-Event-ID`) is sent first what came in between, or, where that is forgotten, `event: gap`: read
 * the containers then, as after connecting for the first time.
 */
export type Stream = (reply: FastifyReply, wanted: { readonly node?: string | undefined }) => Answer | undefined;

const gap = "event: gap\ndata: {}\n\n";

export function createStream(subject: ApiSubject, closing: AbortSignal): Stream {
  let listeners = 0;
  return (reply, { node }) => {
    const found = nodesNamed(subject, node);
    if (found.kind === "problem") return found.answer;
    if (listeners >= mostListeners) {
      const headers = { "retry-after": "30" };
      return problem(503, "too_many_listeners", `${mostListeners} listen already.`, { headers });
    }
    listeners += 1;
    reply.hijack();
    const { raw } = reply;
    // Not only the server's own: those that the gate has set for pages of other origins.
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
    raw.write(`retry: ${retryMs}\n\n`);
    const send = (text: string): void => {
      raw.write(text);
      if (raw.writableLength > mostBuffered) raw.destroy();
    };
    const sendEvent = (event: LoggedEvent): void => {
      if (node === undefined || node === event.node) send(event.text);
    };
    const lastSeen = reply.request.headers["last-event-id"];
    const missed = typeof lastSeen === "string" && lastSeen !== "" ? subject.events.since(lastSeen) : [];
    if (missed === undefined) send(gap);
    else missed.forEach(sendEvent);
    const running = new DisposableStack();
    const end = (): void => {
      running.dispose();
      raw.end();
    };
    running.use(subject.events.subscribe(sendEvent));
    // Whoever may still come in comes back through the gate.
    running.use(subject.access.subscribe(end));
    const heartbeat = setInterval(() => send(": still here\n\n"), heartbeatMs);
    running.defer(() => clearInterval(heartbeat));
    closing.addEventListener("abort", end);
    running.defer(() => closing.removeEventListener("abort", end));
    raw.once("close", () => {
      listeners -= 1;
      running.dispose();
    });
    return undefined;
  };
}
