import type Docker from "dockerode";
import { expect } from "vitest";
import { callsOf, firstFailure } from "./calls.ts";
import type { CrashCase } from "./cases.ts";
import type { Original, Round } from "./round.ts";

/** What must be true whoever died and wherever. */
export async function expectIntact(round: Round, one: CrashCase): Promise<void> {
  const { docker, node, originals } = round;
  const list = await docker.listContainers({ all: true });
  const names = list.flatMap(({ Names }) => Names.filter((name) => name.includes(node)));
  expect(names.sort()).toEqual(originals.map(({ name }) => `/${name}`).sort());

  const inspects = new Map<string, Docker.ContainerInspectInfo>();
  for (const original of originals) {
    const inspect = await docker.getContainer(original.name).inspect();
    inspects.set(original.name, inspect);
    expect(inspect.State).toMatchObject({ ...lifeAfter(one, original, inspect), Restarting: false });
    expect(inspect.HostConfig.RestartPolicy).toEqual({
      Name: one.policy,
      MaximumRetryCount: one.policy === "on-failure" ? 7 : 0,
    });
    expect(await markOf(docker, original.name)).toBe(original.mark);
    if (isOldExpected(one)) expect(inspect.Id).toBe(original.id);
    if (isNewExpected(one)) expect(inspect.Id).not.toBe(original.id);
  }
  const [target, child] = originals;
  if (child === undefined) return;
  const parentId = inspects.get(target.name)?.Id ?? "";
  expect(inspects.get(child.name)?.HostConfig.NetworkMode).toBe(`container:${parentId}`);
}

/** As before. Only where Gangway has touched nothing yet, or has nothing left to decide, is a power cut the engine's affair. */
function lifeAfter(
  one: CrashCase,
  { isRunning, isPaused }: Original,
  { State }: Docker.ContainerInspectInfo,
): { Running: boolean; Paused: boolean } {
  if (one.victim !== "machine" || !isEnginesAffair(one)) return { Running: isRunning, Paused: isPaused };
  if (isBeforeNotes(one) && isGivenUp(State)) return { Running: false, Paused: false };
  return { Running: isRunning && one.policy !== "no", Paused: false };
}

function isEnginesAffair({ behaviour, strikes: [first], subject }: CrashCase): boolean {
  const isTouch = (call: string): boolean => call.startsWith("update");
  if (first === undefined || first.number <= callsOf(subject, behaviour).findIndex(isTouch)) return true;
  return behaviour === "good" && first.number > callsOf(subject, "good").findIndex((call) => call.startsWith("remove"));
}

/** Nobody has noted anything yet that would concern the containers. */
function isBeforeNotes({ strikes: [first], subject }: CrashCase): boolean {
  return (first?.number ?? 0) <= callsOf(subject, "good").findIndex((call) => call.startsWith("create"));
}

/** Without any update, too, an engine that comes up may start a child before its parent, and then never again. */
function isGivenUp({ Error: error }: Docker.ContainerInspectInfo["State"]): boolean {
  return error.includes("non running container");
}

/** A new image that does not work must never be what is left. */
function isOldExpected({ behaviour, victim, strikes: [first], subject }: CrashCase): boolean {
  // That an answer is missing does not mean that the call failed: Gangway looks, and may go on.
  const isInterrupted = victim !== "connection" && (first?.number ?? 0) < firstFailure(subject);
  return behaviour !== "good" || isInterrupted;
}

/** Where the new container runs, Gangway's own death is no reason to go back. */
function isNewExpected({ behaviour, victim, strikes, subject }: CrashCase): boolean {
  const [first] = strikes;
  if (behaviour !== "good" || first === undefined || subject === "stopped") return false;
  const isReached =
    first.number > firstFailure(subject) || (first.number === firstFailure(subject) && first.moment === "after");
  return victim === "gangway" && isReached;
}

/** Works for containers that do not run, too. The answer is a tar archive of one file. */
async function markOf(docker: Docker, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await docker.getContainer(name).getArchive({ path: "/data/mark" })) {
    chunks.push(Buffer.from(chunk));
  }
  const archive = Buffer.concat(chunks);
  const length = Number.parseInt(archive.toString("latin1", 124, 135), 8);
  return archive.toString("utf8", 512, 512 + length);
}
