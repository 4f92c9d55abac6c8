import type { Samples } from "./figures.ts";
import { isKept, jsonOf } from "./listener.ts";
import type { Session } from "./session.ts";
import { quantile } from "./statistics.ts";
import { stateTopic } from "./topics.ts";

const changes = 40;
/** Longer than Gangway waits for the end of a burst of events before it looks at a container. */
const settleMs = 500;

/** Stops and starts containers, one after another. */
export async function measureChanges(session: Session): Promise<Samples> {
  const { listener } = session;
  const from = listener.records.length;
  const latencies = await changeLatencies(session, changes);
  const messages = listener.records.slice(from);
  const kept = messages.filter(isKept).length;
  return {
    latencyMedian: [quantile(latencies, 0.5)],
    latencyHigh: [quantile(latencies, 0.95)],
    changeMessages: [kept / changes],
    changeEvents: [(messages.length - kept) / changes],
  };
}

/** Stops a container, starts it, and goes on to the next, `times` times in all; gives the milliseconds of each. */
export async function changeLatencies(session: Session, times: number): Promise<readonly number[]> {
  const { names } = session.lab;
  const latencies: number[] = [];
  for (let change = 0; change < times; change++) {
    const name = names[(change >> 1) % names.length] ?? "";
    latencies.push(await session.program.during(latencyOf(session, name, change % 2 === 0 ? "stop" : "start")));
  }
  return latencies;
}

const results = { stop: { event: "die", state: "exited" }, start: { event: "start", state: "running" } } as const;

/** Milliseconds from the engine's event, by the engine's own time, until its message is here. */
async function latencyOf({ lab, listener }: Session, name: string, act: "stop" | "start"): Promise<number> {
  const { event, state } = results[act];
  const fromEvent = lab.events.records.length;
  const fromMessage = listener.records.length;
  const container = lab.bed.engine.docker.getContainer(name);
  await (act === "stop" ? container.stop() : container.start());
  const happened = await lab.events.until(
    (heard) => heard.name === name && heard.action === event,
    `${event} of ${name}`,
    fromEvent,
  );
  const told = await listener.until(
    ({ topic, payload }) => topic === stateTopic(name) && jsonOf(payload)["state"] === state,
    `${name} to be ${state}`,
    fromMessage,
  );
  await listener.quiet(settleMs);
  return told.time - happened.time;
}
