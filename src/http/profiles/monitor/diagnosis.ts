import { isTransientName } from "../../../core/container.ts";
import { messageOf } from "../../../lib/errors.ts";
import { deadline } from "../../../lib/time.ts";
import type { ProfileSubject, SocketFacts } from "../profile.ts";
import { type Answer, ok } from "./answers.ts";
import { shownName } from "./names.ts";

/** As long as Docker Monitor Image waits for the engine. */
const patienceMs = 10_000;

/** Is the engine there, and which containers has it? It is really asked. */
export async function diagnosis(subject: ProfileSubject, signal: AbortSignal): Promise<Answer> {
  try {
    return ok({
      containers: await listed(subject, signal),
      ok: true,
      ping: true,
      socket: socketView(subject.socket()),
    });
  } catch (error) {
    return { status: 500, body: { error: `ping failed: ${messageOf(error)}`, ok: false } };
  }
}

export async function health(subject: ProfileSubject, signal: AbortSignal): Promise<Answer> {
  try {
    return ok({ containers: await listed(subject, signal), ok: true });
  } catch (error) {
    return { status: 500, body: { error: messageOf(error), ok: false } };
  }
}

/** All containers, also those that Gangway leaves alone, in the engine's order. */
async function listed(subject: ProfileSubject, signal: AbortSignal): Promise<readonly string[]> {
  const nodes = subject.nodes();
  if (nodes.length === 0) throw new Error("no engine has answered yet");
  const lists = nodes.map(async (node) => {
    const containers = await node.engine.list(deadline(patienceMs, signal));
    const names = containers.map(({ name }) => name).filter((name) => !isTransientName(name));
    return names.map((name) => shownName(name, node, subject));
  });
  return (await Promise.all(lists)).flat();
}

function socketView({ socket, reader }: SocketFacts): object {
  if (socket === undefined) return { socket_exists: false };
  return {
    ...(reader === undefined ? {} : { proc_gid: reader.gid, proc_uid: reader.uid }),
    socket_exists: true,
    socket_gid: socket.gid,
    socket_mode: `0o${socket.mode.toString(8)}`,
    socket_uid: socket.uid,
  };
}
