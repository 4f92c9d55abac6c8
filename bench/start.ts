import type { Samples } from "./figures.ts";
import { type Arrival, jsonOf } from "./listener.ts";
import type { Session } from "./session.ts";
import { configTopic, keptTopics, nodeTopics, stateTopic } from "./topics.ts";

/** Longer than Gangway waits before it tells of a device again that has changed. */
export const settleMs = 6_000;
const msPerSecond = 1_000;

/** From the start of the process until everything is published, everything is judged, and nothing more comes. */
export async function measureStart({ lab, program, listener }: Session): Promise<Samples> {
  const { names } = lab;
  const seconds = (arrival: Arrival): number => (arrival.time - program.startedAt) / msPerSecond;
  const configs = new Set(names.map(configTopic));
  const first = listener.until(({ topic }) => configs.has(topic), "a first device", 0);
  const published = listener.until(isLastOf(names), "everything to be published", 0);
  const judged = listener.until(isLastVerdict(names), "all update statuses", 0);
  const cpu = (moment: Promise<Arrival>): Promise<number> => moment.then(() => program.usage().cpuSeconds);
  const [firstArrival, publishedArrival, judgedArrival, publishedCpu, judgedCpu] = await program.during(
    Promise.all([first, published, judged, cpu(published), cpu(judged)]),
  );
  await listener.quiet(settleMs);
  expectVerdicts(listener.records, lab);
  return {
    firstDevice: [seconds(firstArrival)],
    published: [seconds(publishedArrival)],
    publishedCpu: [publishedCpu],
    judged: [seconds(judgedArrival)],
    judgedCpu: [judgedCpu],
    publishedMessages: [(listener.records.indexOf(publishedArrival) + 1) / names.length],
    messages: [listener.records.length / names.length],
  };
}

/** The same until everything is judged, where every answer of the registry takes 100 ms. */
export async function measureSlowRegistry({ lab, program, listener }: Session): Promise<Samples> {
  const judged = await program.during(listener.until(isLastVerdict(lab.names), "all update statuses", 0));
  return { judgedSlowly: [(judged.time - program.startedAt) / msPerSecond] };
}

/** Is this the message after which nothing is missing of the node and these containers? */
function isLastOf(names: readonly string[]): (arrival: Arrival) => boolean {
  const { config, status, engine, state } = nodeTopics;
  const missing = new Set([config, status, engine, state, ...names.flatMap(keptTopics)]);
  const isTrue = ({ topic, payload }: Arrival): boolean => {
    if (topic === engine) return payload.toString() === "online";
    if (topic === state) return jsonOf(payload)["containers_total"] === names.length;
    return true;
  };
  return (arrival) => {
    if (isTrue(arrival)) missing.delete(arrival.topic);
    return missing.size === 0;
  };
}

/** Is this the message after which no container lacks an update status? */
function isLastVerdict(names: readonly string[]): (arrival: Arrival) => boolean {
  const missing = new Set(names.map(stateTopic));
  return ({ topic, payload }) => {
    if (missing.has(topic) && jsonOf(payload)["status"] !== null) missing.delete(topic);
    return missing.size === 0;
  };
}

/** A benchmark of wrong answers would be worth nothing. */
function expectVerdicts(arrivals: readonly Arrival[], lab: Session["lab"]): void {
  const states = new Map(arrivals.map(({ topic, payload }) => [topic, payload]));
  const wrong = lab.names.filter((name) => {
    const verdict = lab.outdated.has(name) ? "update_available" : "up_to_date";
    return jsonOf(states.get(stateTopic(name)) ?? Buffer.from("{}"))["verdict"] !== verdict;
  });
  if (wrong.length > 0) throw new Error(`wrong verdicts for ${wrong.length} containers: ${wrong.join(", ")}`);
}
