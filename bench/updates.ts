import type { EngineEvent } from "./engine-events.ts";
import { type Samples, together } from "./figures.ts";
import { type Arrival, isResultOf, jsonOf } from "./listener.ts";
import { stableForMs } from "./program.ts";
import type { Session } from "./session.ts";
import { commandTopic, stateTopic, updateTopic } from "./topics.ts";

const msPerSecond = 1_000;
const settleMs = 1_000;

/**
 * Updates so many containers, one after another, and has the engine stop and start each one afterwards: what the engine
 * takes for itself differs from minute to minute.
 */
export async function measureUpdates(session: Session, count: number): Promise<Samples> {
  const found: Samples[] = [];
  for (const name of [...session.lab.outdated].slice(0, count)) {
    const updated = await session.program.during(updateOf(session, name));
    session.lab.updated(name);
    const restart = await restartOf(session, name);
    const { replaced, downtime, upToDate } = updated;
    found.push({
      replaced: [replaced],
      downtime: [downtime],
      restart: [restart],
      downtimeShare: [downtime / restart],
      upToDate: [upToDate],
    });
  }
  return together(found);
}

/** In seconds. */
interface Update {
  readonly replaced: number;
  readonly downtime: number;
  readonly upToDate: number;
}

async function updateOf({ lab, listener }: Session, name: string): Promise<Update> {
  const { events } = lab;
  const { Id: oldId } = await lab.bed.engine.docker.getContainer(name).inspect();
  const fromEvent = events.records.length;
  const from = listener.records.length;
  const current = listener.until(isUpToDate(name), `${name} to be up to date`, from);
  const asked = Date.now();
  await listener.publish(commandTopic(name, "update"), "install");
  const [died, started, shown, result] = await Promise.all([
    events.until(({ id, action }) => id === oldId && action === "die", `the end of ${name}`, fromEvent),
    events.until(({ id, action }) => id !== oldId && action === "start", `the new ${name}`, fromEvent),
    current,
    listener.until(isResultOf("update", name), "the result of an update", from),
  ]);
  const { state, message } = jsonOf(result.payload);
  if (state !== "updated") throw new Error(`${name} was not updated: ${String(message)}`);
  await listener.quiet(settleMs);
  return {
    replaced: (started.time - asked) / msPerSecond,
    downtime: (started.time - died.time) / msPerSecond,
    upToDate: (shown.time - started.time - stableForMs) / msPerSecond,
  };
}

/** Do both topics of the container say so, now that this message has come? */
function isUpToDate(name: string): (arrival: Arrival) => boolean {
  let isVerdict = false;
  let isShown = false;
  return ({ topic, payload }) => {
    if (topic === stateTopic(name)) {
      const { verdict, phase } = jsonOf(payload);
      isVerdict = verdict === "up_to_date" && phase === "idle";
    }
    if (topic === updateTopic(name)) {
      const { installed_version, latest_version, in_progress } = jsonOf(payload);
      isShown = installed_version === latest_version && in_progress === false;
    }
    return isVerdict && isShown;
  };
}

/** The seconds that the engine itself takes, without a new container. */
async function restartOf({ lab, listener }: Session, name: string): Promise<number> {
  const container = lab.bed.engine.docker.getContainer(name);
  const from = lab.events.records.length;
  await container.stop();
  await container.start();
  const heard = (wanted: string): Promise<EngineEvent> =>
    lab.events.until((event) => event.name === name && event.action === wanted, `${wanted} of ${name}`, from);
  const [died, started] = await Promise.all([heard("die"), heard("start")]);
  await listener.quiet(settleMs);
  return (started.time - died.time) / msPerSecond;
}
