import { setTimeout as timer } from "node:timers/promises";
import type { Samples } from "./figures.ts";
import { type Arrival, jsonOf, keptFrom, listen } from "./listener.ts";
import type { Session } from "./session.ts";
import { nodeTopics, stateTopic } from "./topics.ts";

const msPerSecond = 1_000;

/** The broker is killed and forgets everything; a container is stopped; the broker returns after `ms` milliseconds. */
export async function measureBrokerReturn({ lab, listener, program }: Session, ms: number): Promise<Samples> {
  const { broker, engine } = lab.bed;
  const wanted = new Map(keptFrom(listener.records));
  const [name = ""] = lab.names;
  await broker.kill();
  await engine.docker.getContainer(name).stop();
  await program.during(timer(ms));
  const missing = new Set(wanted.keys());
  const look = ({ topic, payload }: Arrival): boolean => {
    if (isRight(topic, payload)) missing.delete(topic);
    else missing.add(topic);
    return missing.size === 0;
  };
  const running = lab.names.length - 1;
  const isRight = (topic: string, payload: Buffer): boolean => {
    if (topic === stateTopic(name)) return jsonOf(payload)["state"] === "exited";
    if (topic === nodeTopics.state) return jsonOf(payload)["containers_running"] === running;
    return wanted.get(topic)?.equals(payload) === true;
  };
  await broker.start();
  const returned = Date.now();
  await using fresh = await listen(broker.url);
  const right = await program.during(fresh.until(look, "everything to be published again", 0));
  await engine.docker.getContainer(name).start();
  await fresh.until(
    ({ topic, payload }) => topic === stateTopic(name) && jsonOf(payload)["state"] === "running",
    `${name} to be running`,
    0,
  );
  return { brokerReturn: [(right.time - returned) / msPerSecond] };
}

/** The engine and all containers end as in a power cut; the engine returns after `ms` milliseconds. */
export async function measureEngineReturn({ lab, listener, program }: Session, ms: number): Promise<Samples> {
  const { engine } = lab.bed;
  const from = listener.records.length;
  await engine.kill();
  await program.during(
    listener.until(
      ({ topic, payload }) => topic === nodeTopics.engine && payload.toString() === "offline",
      "the engine to be offline",
      from,
    ),
  );
  await timer(ms);
  const missing = new Set([nodeTopics.engine, ...lab.names.map(stateTopic)]);
  const isRight = ({ topic, payload }: Arrival): boolean =>
    topic === nodeTopics.engine ? payload.toString() === "online" : jsonOf(payload)["state"] === "exited";
  const look = (arrival: Arrival): boolean => {
    if (missing.has(arrival.topic) && isRight(arrival)) missing.delete(arrival.topic);
    return missing.size === 0;
  };
  const right = listener.until(look, "everything to be right again", listener.records.length);
  await engine.start();
  const returned = Date.now();
  const { time } = await program.during(right);
  // The engine may answer Gangway a moment before it answers whoever waits for its start.
  return { engineReturn: [Math.max(0, time - returned) / msPerSecond] };
}
