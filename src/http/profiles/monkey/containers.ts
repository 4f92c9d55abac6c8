import { isTransientName, nameFrom } from "../../../core/container.ts";
import type { ContainerInspect } from "../../../core/inspect.ts";
import { isSuccess } from "../../../core/operation.ts";
import { isErrorWithCode, messageOf } from "../../../lib/errors.ts";
import { type Answer, done, ok, refused } from "./answers.ts";
import { type Asked, carriedOut, type MonkeySubject } from "./asked.ts";
import { containerView, detailsOf, statusOf } from "./container-view.ts";
import { engineFault, leftAlone } from "./faults.ts";
import { binaryText } from "./texts.ts";

/** All containers but those that are there only while another is replaced or backed up. */
export async function inspectAll({ node }: MonkeySubject, signal: AbortSignal): Promise<readonly ContainerInspect[]> {
  const listed = (await node.engine.list(signal)).filter(({ name }) => !isTransientName(name));
  const found = listed.map(async ({ id }) => {
    try {
      return [await node.engine.inspect(id, signal)];
    } catch (error) {
      // It was removed meanwhile.
      if (isErrorWithCode(error, "engine_not_found")) return [];
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}

export async function containerList(subject: MonkeySubject, { signal }: Asked): Promise<Answer> {
  try {
    const now = subject.clock.now();
    const all = await inspectAll(subject, signal);
    return ok({
      containers: all.map((one) => containerView(one, { now, isSelf: subject.isOwn({ id: one.Id }) })),
    });
  } catch (error) {
    const help = "Look whether the engine runs, and whether Gangway may use its socket.";
    return refused(503, "Docker client not available", { message: messageOf(error), help });
  }
}

const idPattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Has `act` answer for the container in the path, by its name, its id, or the beginning of that. */
export async function withContainer(
  { node }: MonkeySubject,
  { params, signal }: Asked,
  act: (inspect: ContainerInspect, name: string) => Promise<Answer> | Answer,
): Promise<Answer> {
  const { id = "" } = params;
  if (!idPattern.test(id)) return refused(404, `No such container: ${id}`);
  try {
    const inspect = await node.engine.inspect(id, signal);
    return await act(inspect, nameFrom(inspect.Name));
  } catch (error) {
    return isErrorWithCode(error, "engine_not_found") ? refused(404, `No such container: ${id}`) : engineFault(error);
  }
}

const words = { start: "started", stop: "stopped", restart: "restarted" } as const;

/** Starts, stops or restarts, as everywhere in Gangway. */
export function changeTo(kind: keyof typeof words) {
  return (subject: MonkeySubject, asked: Asked): Promise<Answer> =>
    withContainer(subject, asked, async (_, container) => {
      const result = await carriedOut(subject, { kind, container }, asked);
      if (result === undefined) return { status: 202, body: { success: true, message: "Still under way" } };
      return isSuccess(result.state) ? done(`Container ${words[kind]}`) : refused(500, result.message);
    });
}

/** A new container from the same image. */
export function redeploy(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  return withContainer(subject, asked, async (_, container) => {
    const { port_overrides: ports } = asked.body;
    if (ports !== undefined && ports !== null && Object.keys(ports).length > 0) {
      return refused(400, "Other ports are not for a container that is there: restore a backup of it with them");
    }
    const result = await carriedOut(subject, { kind: "recreate", container }, asked);
    if (result === undefined) return { status: 202, body: { success: true, message: "Still under way" } };
    if (!isSuccess(result.state)) return refused(500, result.message);
    const { Id: id } = await subject.node.engine.inspect(container, asked.signal);
    return done("Container redeployed", { id, command: "" });
  });
}

export function details(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  return withContainer(subject, asked, (inspect) => ok(detailsOf(inspect)));
}

const mostLines = 10_000;

export function logs(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  return withContainer(subject, asked, async ({ Id }) => {
    const wanted = Number(asked.query["tail"] ?? 100);
    const lines = Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, mostLines) : 100;
    return ok({ logs: await subject.node.engine.log(Id, lines, asked.signal) });
  });
}

const mebibyte = 2 ** 20;

/** The last figures that Gangway knows. Always 200: `status` says what is wrong. */
export function stats(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  return withContainer(subject, asked, (inspect, name) => ok(figuresOf(subject, inspect, name)));
}

export function figuresOf(
  { node }: MonkeySubject,
  inspect: ContainerInspect,
  name: string,
): { readonly cpu_percent: number; readonly memory_percent: number } & Readonly<Record<string, unknown>> {
  const metrics = node.inventory.metricsOf(name);
  const isRunning = statusOf(inspect) === "running";
  const used = metrics?.memoryBytes ?? 0;
  const limit = metrics?.memoryLimitBytes ?? 0;
  const known = isRunning && metrics !== undefined;
  const rounded = (value: number | null | undefined): number => Math.round((known ? (value ?? 0) : 0) * 100) / 100;
  return {
    ...{ cpu_percent: rounded(metrics?.cpuPercent), memory_percent: rounded(metrics?.memoryPercent) },
    memory_usage: known ? `${binaryText(used)} / ${binaryText(limit)}` : "0B / 0B",
    ...{ memory_used_mb: rounded(used / mebibyte), memory_total_mb: rounded(limit / mebibyte) },
    status: isRunning ? (metrics === undefined ? "timeout" : "running") : "stopped",
    ...(isRunning && metrics === undefined ? { error: "The engine has not told its figures yet" } : {}),
  };
}

/** `DELETE /api/container/<id>/delete`: by force; its volumes only where that is asked for, and nobody else has them. */
export function deleteContainer(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  return withContainer(subject, asked, async (inspect, name) => {
    const { node, isOwn } = subject;
    if (isOwn({ id: inspect.Id })) return refused(500, "Gangway does not remove itself");
    const mounts = asked.query["delete_volumes"] === "true" ? inspect.Mounts : [];
    const wanted = mounts.flatMap(({ Type, Name }) => (Type === "volume" && Name !== undefined ? [Name] : []));
    const deletion = await node.deletions.container(inspect.Id, wanted, asked.closing);
    if (deletion.kind !== "deleted") return refused(409, leftAlone(name, deletion));
    const { volumes } = deletion;
    subject.log.info({ container: name, volumes }, "container was deleted");
    return done("Container deleted", { deleted_volumes: volumes });
  });
}
