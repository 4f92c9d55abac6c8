import type { BackupManifest, BackupPlan } from "../core/backup.ts";
import { backupHelperFor } from "../core/backup-helper.ts";
import { backupHelperNameFor } from "../core/backup-name.ts";
import type { Disk } from "../core/disk.ts";
import { networkRequestFor } from "../core/network-file.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine } from "../core/ports.ts";
import { planRestore, type RestoreDecision, type RestorePlan, type RestoreWish } from "../core/restore.ts";
import { restoreEnding } from "../core/restore-ending.ts";
import { type RestoreEntry, type RestoreJournal, restoreLabel, restoreNameFor } from "../core/restore-journal.ts";
import type { EngineStorage } from "../core/storage.ts";
import type { Vault } from "../core/vault.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { removeHelper } from "./backup-helper.ts";
import { provideImage, type RestoreImageDependencies } from "./restore-image.ts";
import type { Order } from "./runner.ts";
import { inspectAll, inspectIfThere } from "./survey.ts";
import { undoRestore } from "./undo-restore.ts";

export type RestoreCommand = Extract<Command, { readonly kind: "restore" }>;

export interface RestoreDependencies extends RestoreImageDependencies {
  readonly engine: RestoreImageDependencies["engine"] &
    Pick<Engine, "connect" | "create" | "disconnect" | "inspect" | "list" | "pause" | "remove" | "rename" | "start"> &
    Pick<EngineStorage, "createNetwork" | "createVolume" | "inspectNetwork" | "inspectVolume" | "writeArchive"> &
    Pick<Disk, "networks" | "removeNetwork" | "removeVolume" | "volumes">;
  readonly vault: Pick<Vault, "parts" | "planOf" | "verify">;
  readonly restoreJournal: RestoreJournal;
  readonly node: string;
  /** The operations that somebody is at work on. */
  readonly atWork: Set<string>;
  readonly log: Log;
}

const undoMs = 180_000;

/** What a restore would create, or what stands in its way. Nothing is proven of the file yet, and nothing is changed. */
export async function previewRestore(
  deps: Pick<RestoreDependencies, "engine" | "vault">,
  command: RestoreCommand,
  signal: AbortSignal,
): Promise<{ readonly backup: BackupPlan; readonly decision: RestoreDecision }> {
  const backup = await deps.vault.planOf(command.file, signal);
  return { backup, decision: await decide(deps, backup, command, signal) };
}

/**
 * Makes a container anew from a backup, with new volumes that have its data. Nothing that is there is written to. The
 * whole file is proven first; and until the container has its name, whatever goes wrong removes again what was created.
 */
export async function restoreContainer(
  deps: RestoreDependencies,
  command: RestoreCommand,
  order: Order,
  signal: AbortSignal,
): Promise<Outcome> {
  const { vault, restoreJournal, log } = deps;
  const { container, file } = command;
  deps.atWork.add(order.operation);
  try {
    order.report({ phase: "restoring" });
    const { plan: backup, manifest } = await vault.verify(file, () => {}, signal);
    const decision = await decide(deps, backup, command, signal);
    if (decision.kind === "conflicts") return { state: "rejected", message: decision.conflicts.join(" ") };
    const { plan } = decision;
    const remarks = await provideImage(deps, backup, order.report, signal);
    let entry: RestoreEntry = {
      ...{ schema: 1, kind: "restore", operation: order.operation, id: order.id, node: deps.node },
      ...{ container, file, startedAt: order.startedAt },
      volumes: plan.volumes.map(({ newName }) => newName),
      networks: plan.networks.map(({ name }) => name),
    };
    try {
      await restoreJournal.put(entry);
      const newId = await createAll(deps, { entry, plan, backup, manifest, order }, signal);
      entry = { ...entry, newId };
      await restoreJournal.put(entry);
      await finishContainer(deps, plan, newId, signal);
    } catch (error) {
      await undo(deps, entry, signal);
      throw error;
    }
    // All is there: a note that cannot be written takes nothing of it away, and the recovery looks at the container.
    await restoreJournal
      .put({ ...entry, named: true })
      .catch((error: unknown) => log.error({ container, err: error }, "a restore could not be noted"));
    const started = await start(deps, plan, backup, signal);
    await restoreJournal
      .remove(order.operation)
      .catch((error: unknown) => log.error({ container, err: error }, "a restore could not be closed yet"));
    const sentences = [`${container} was restored from ${file}.`, ...remarks, ...plan.warnings];
    if (started !== undefined) return { state: "failed", message: [...sentences, started].join(" ") };
    return { state: "done", message: sentences.join(" ") };
  } finally {
    deps.atWork.delete(order.operation);
  }
}

async function decide(
  { engine }: Pick<RestoreDependencies, "engine">,
  backup: BackupPlan,
  { container, volumes = "same", ports = {}, start }: RestoreCommand,
  signal: AbortSignal,
): Promise<RestoreDecision> {
  const wish: RestoreWish = { container, volumes, ports, start };
  return planRestore(backup, wish, {
    containers: await inspectAll(engine, signal),
    volumes: new Set((await engine.volumes(signal)).map(({ name }) => name)),
    networks: new Set((await engine.networks(signal)).map(({ name }) => name)),
  });
}

interface Work {
  readonly entry: RestoreEntry;
  readonly plan: RestorePlan;
  readonly backup: BackupPlan;
  readonly manifest: BackupManifest;
  readonly order: Order;
}

/** Resolves to the id of the new container. What is created says of itself for which operation. */
async function createAll(deps: RestoreDependencies, work: Work, signal: AbortSignal): Promise<string> {
  const { engine } = deps;
  const { entry, plan } = work;
  const { operation } = entry;
  const mark = { [restoreLabel]: operation };
  // An abort in the middle of a call would leave it open whether there is something.
  const never = new AbortController().signal;
  for (const network of plan.networks) {
    await engine.createNetwork(networkRequestFor({ ...network, labels: { ...network.labels, ...mark } }), never);
    signal.throwIfAborted();
  }
  for (const { newName, driver, options, labels, anonymous } of plan.volumes) {
    const kept = Object.entries(labels).filter(([label]) => !anonymous || label !== "com.docker.volume.anonymous");
    const body = { Name: newName, Driver: driver, DriverOpts: options };
    await engine.createVolume({ ...body, Labels: { ...Object.fromEntries(kept), ...mark } }, never);
    signal.throwIfAborted();
  }
  await fill(deps, work, signal);
  const { body, platform } = plan.create;
  const name = restoreNameFor(plan.container, operation);
  const request = { name, body, ...(platform === undefined ? {} : { platform }) };
  const { id } = await engine.create(request, never);
  return id;
}

/** Puts the new container into its networks, and gives it its name. */
async function finishContainer(
  { engine }: RestoreDependencies,
  { container, create: { connect, disconnect } }: RestorePlan,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { network, endpoint } of connect) await engine.connect(network, id, endpoint, signal);
  for (const network of disconnect) await engine.disconnect(network, id, signal);
  await engine.rename(id, container, signal);
}

/**
 * Puts the data into the volumes, each through a helper of its own that never runs: whatever an archive says, it can
 * write nowhere but into its volume, and into a container that is removed again.
 */
async function fill(
  { engine, vault }: RestoreDependencies,
  { entry, plan, backup, manifest, order }: Work,
  signal: AbortSignal,
): Promise<void> {
  const { container, operation } = entry;
  const image = await engine.inspectImage(backup.create.body.Image, signal);
  const total = manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  let written = 0;
  for await (const { name: part, content } of vault.parts(entry.file, manifest, signal)) {
    const volume = plan.volumes.find((candidate) => candidate.part === part);
    if (volume === undefined) continue;
    const mounts = [{ part, type: "volume", source: volume.newName, isWritten: true }] as const;
    const subject = { container, operation, imageId: image.Id, imageConfig: image.Config, mounts };
    await engine.create(backupHelperFor(subject), new AbortController().signal);
    async function* counted(): AsyncGenerator<Buffer, void, undefined> {
      for await (const piece of content) {
        written += piece.length;
        order.report({ phase: "restoring", percent: Math.min(99, Math.floor((100 * written) / total)) });
        yield piece;
      }
    }
    await engine.writeArchive(backupHelperNameFor(container, operation), counted(), signal);
    await removeHelper(engine, { container, operation }, signal);
  }
}

/** Resolves to a sentence where it does not run: what was restored stays. */
async function start(
  { engine }: RestoreDependencies,
  { container, start: isWanted }: RestorePlan,
  { state }: BackupPlan,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!isWanted) return undefined;
  try {
    await engine.start(container, signal);
    if (state === "paused") await engine.pause(container, signal);
    return undefined;
  } catch (error) {
    return `It could not be started, and is left as it is: ${messageOf(error)}.`;
  }
}

/** Where the answer to the renaming was lost it may be there after all: the recovery ends it then. */
async function undo(deps: RestoreDependencies, entry: RestoreEntry, signal: AbortSignal): Promise<void> {
  const { container, id, newId } = entry;
  try {
    const limit = AbortSignal.timeout(undoMs);
    const found = newId === undefined ? undefined : await inspectIfThere(deps.engine, newId, limit);
    if (restoreEnding(entry, found) !== "undo") return;
    await undoRestore(deps, entry, limit);
    await deps.restoreJournal.remove(entry.operation);
  } catch (error) {
    deps.log.error(
      { container, operation: id, err: error, aborted: signal.aborted },
      "a restore could not be undone yet",
    );
  }
}
