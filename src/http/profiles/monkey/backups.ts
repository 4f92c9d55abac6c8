import { randomUUID } from "node:crypto";
import { backupNameFrom } from "../../../core/backup-name.ts";
import type { PendingOperation } from "../../../core/doors.ts";
import { networkFileFrom } from "../../../core/network-file.ts";
import { type Command, isSuccess } from "../../../core/operation.ts";
import { messageOf } from "../../../lib/errors.ts";
import { sourceOf } from "../../access.ts";
import { type Answer, done, ok, refused } from "./answers.ts";
import { type Asked, carriedOut, type MonkeySubject } from "./asked.ts";
import { withContainer } from "./containers.ts";
import { answering, engineFault } from "./faults.ts";
import { endedProgress, pendingProgress } from "./progress.ts";

/** The backups that wait or run, in their order. */
function pendingBackups({ node }: MonkeySubject): readonly PendingOperation[] {
  return node.operations.pending().filter(({ command }) => command === "backup" || command === "backup_all");
}

/** `POST /api/backup/<id>`: at once, or, with `queue=true`, behind those that are under way. */
export function createBackup(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  return withContainer(subject, asked, (_, container) => {
    const [current] = pendingBackups(subject);
    const name = current === undefined ? null : (current.container ?? "all");
    if (name !== null && asked.query["queue"] !== "true") {
      const error = `A backup is already in progress: ${name}`;
      return refused(409, error, { status: "busy", current_backup: name });
    }
    const id = randomUUID();
    // Who asked does not wait for the end.
    void subject.node.operations.submit({ kind: "backup", container }, sourceOf(asked.caller), id).done;
    if (name === null) return done("Backup started", { progress_id: id, queued: false });
    const queued = { progress_id: id, status: "queued", current_backup: name };
    return { status: 202, body: { success: true, message: "Backup queued", ...queued } };
  });
}

export async function backupProgress(subject: MonkeySubject, { params }: Asked): Promise<Answer> {
  const { id = "" } = params;
  const { node } = subject;
  const all = node.operations.pending();
  const at = all.findIndex((one) => one.id === id || one.joined.includes(id));
  const pending = all[at];
  if (pending !== undefined) {
    const progress = pending.container === null ? undefined : node.inventory.get(pending.container)?.progress;
    return ok(pendingProgress(pending, at, progress));
  }
  const past = subject.past(id);
  if (past?.command !== "backup") return refused(404, "Progress session not found");
  return await answering(async () => ok(endedProgress(past, await node.backups.list())));
}

export function backupStatus(subject: MonkeySubject): Answer {
  const [current, ...waiting] = pendingBackups(subject);
  if (current === undefined) return ok({ status: "idle", queue_size: 0 });
  const { id, container } = current;
  return ok({
    ...{ status: "busy", current_backup: container ?? "all", progress_id: id, queue_size: waiting.length },
  });
}

/** Backups and networks' definitions, newest first. */
export function backupList({ node }: MonkeySubject): Promise<Answer> {
  return answering(async () => {
    const containers = (await node.backups.list()).map((backup) => ({ ...backup, type: "container" }));
    const networks = (await node.networks.backups()).map((backup) => ({ ...backup, type: "network" }));
    const all = [...containers, ...networks].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    return ok({
      backups: all.map(({ file, bytes, createdAt, type }) => ({
        ...{ filename: file, size: bytes, created: createdAt, type },
      })),
    });
  });
}

export function backupPreview({ node }: MonkeySubject, { params, signal }: Asked): Promise<Answer> {
  return answering(async () => {
    const { filename: file = "" } = params;
    const container = backupNameFrom(file)?.container;
    if (container === undefined) return refused(404, "Backup file not found");
    const { backup } = await node.backups.preview({ kind: "restore", container, file }, signal);
    const { inspect, image, state, createdAt, volumes } = backup;
    const there = new Set((await node.engine.volumes(signal)).map(({ name }) => name));
    const bindings = Object.entries(inspect.HostConfig.PortBindings ?? {}).flatMap(([port, its]) =>
      (its ?? []).map(({ HostPort = "" }) => ({ container_port: port, host_port: HostPort })),
    );
    return ok({
      ...{ success: true, container_name: backup.container, image: image.reference, image_backed_up: false },
      ...{ status: state === "stopped" ? "stopped" : "running", backup_date: createdAt },
      volumes: volumes.map(({ name, driver, destinations }) => ({ name, driver, destination: destinations[0] ?? "" })),
      existing_volumes: volumes.map(({ name }) => name).filter((name) => there.has(name)),
      ...{ port_mappings: bindings, docker_run_command: "", docker_compose: "", config: inspect },
    });
  });
}

/** `POST /api/restore-backup`: a container that is created and not started, as Container Monkey does it. */
export function restoreBackup(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  return answering(async () => {
    const { filename: file } = asked.body;
    if (typeof file !== "string" || file === "") return refused(400, "Filename required");
    const container = backupNameFrom(file)?.container;
    if (container === undefined) return refused(404, "Backup file not found");
    const command = restoreFrom(asked.body, file, container);
    if (command === undefined) return refused(400, "new_name, overwrite_volumes or port_overrides makes no sense");
    const { decision } = await subject.node.backups.preview(command, asked.signal);
    if (decision.kind === "conflicts") return refused(409, decision.conflicts.join(" "));
    const result = await carriedOut(subject, command, asked);
    if (result === undefined) return { status: 202, body: { success: true, message: "Restore in progress" } };
    if (!isSuccess(result.state)) return refused(500, result.message);
    const { Id } = await subject.node.engine.inspect(command.container, asked.signal);
    return done("Container restored successfully", { container_id: Id, container_name: command.container });
  });
}

type RestoreCommand = Extract<Command, { readonly kind: "restore" }>;

/**
 * Undefined where a member is not what it should be. `overwrite_volumes`: `true` is in the place of what is there, `false`
 * beside it; without it nothing may be there.
 */
function restoreFrom(body: Asked["body"], file: string, container: string): RestoreCommand | undefined {
  const { new_name: name, overwrite_volumes: overwrite, port_overrides: overrides } = body;
  const isText = name === undefined || name === null || typeof name === "string";
  const isFlag = overwrite === undefined || overwrite === null || typeof overwrite === "boolean";
  const ports = portsFrom(overrides);
  if (!isText || !isFlag || ports === undefined) return undefined;
  const wanted = typeof name === "string" && name !== "" ? name : container;
  const volumes = overwrite === true ? "replace" : overwrite === false ? "new" : "same";
  return { kind: "restore", container: wanted, file, ports, start: false, volumes };
}

function portsFrom(overrides: unknown): Readonly<Record<string, string>> | undefined {
  if (overrides === undefined || overrides === null) return {};
  if (typeof overrides !== "object" || Array.isArray(overrides)) return undefined;
  const pairs = Object.entries(overrides).map(([port, host]) => [port, String(host)] as const);
  const isRight = ([port, host]: readonly [string, string]): boolean =>
    /^\d{1,5}\/(?:tcp|udp|sctp)$/.test(port) && /^\d{1,5}(?:-\d{1,5})?$/.test(host);
  return pairs.every(isRight) ? Object.fromEntries(pairs) : undefined;
}

async function remove({ node, log }: MonkeySubject, file: string): Promise<void> {
  if (networkFileFrom(file) !== undefined) return await node.networks.removeBackup(file);
  await node.backups.remove(file);
  log.info({ file }, "a backup was deleted");
}

export function deleteBackup(subject: MonkeySubject, { params }: Asked): Promise<Answer> {
  return answering(async () => {
    await remove(subject, params["filename"] ?? "");
    return done("Backup deleted");
  });
}

export async function deleteAllBackups(subject: MonkeySubject): Promise<Answer> {
  const { node } = subject;
  let deleted = 0;
  try {
    for (const { file } of [...(await node.backups.list()), ...(await node.networks.backups())]) {
      await remove(subject, file);
      deleted += 1;
    }
  } catch (error) {
    return refused(engineFault(error).status, `${deleted} were deleted, then: ${messageOf(error)}`);
  }
  return done(`${deleted} backups deleted`, { deleted_count: deleted });
}
