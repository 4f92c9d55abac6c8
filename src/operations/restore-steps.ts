import type { BackupManifest, BackupPlan } from "../core/backup.ts";
import { backupHelperFor } from "../core/backup-helper.ts";
import { backupHelperNameFor } from "../core/backup-name.ts";
import type { Retag } from "../core/journal.ts";
import { networkRequestFor } from "../core/network-file.ts";
import type { Engine } from "../core/ports.ts";
import type { RestorePlan } from "../core/restore.ts";
import { type RestoreEntry, restoreLabel, restoreNameFor } from "../core/restore-journal.ts";
import type { EngineStorage } from "../core/storage.ts";
import type { Vault } from "../core/vault.ts";
import { isErrorWithCode, messageOf } from "../lib/errors.ts";
import { removeHelper } from "./backup-helper.ts";
import { byteProgress } from "./byte-progress.ts";
import { giveBackTag, moveTag, retagFor } from "./candidate.ts";
import type { Report } from "./runner.ts";

export interface RestoreStepsDependencies {
  readonly engine: Pick<
    Engine,
    | "connect"
    | "create"
    | "disconnect"
    | "inspect"
    | "inspectImage"
    | "pause"
    | "remove"
    | "rename"
    | "start"
    | "tag"
    | "untag"
  > &
    Pick<EngineStorage, "createNetwork" | "createVolume" | "writeArchive">;
  readonly vault: Pick<Vault, "parts">;
}

/** What is created, and from what. */
export interface RestoreWork {
  readonly plan: RestorePlan;
  /** A whole backup, as it was proven. */
  readonly source: { readonly file: string; readonly backup: BackupPlan; readonly manifest: BackupManifest };
  /** The image that the container is created from. */
  readonly imageId: string;
  readonly report: Report;
}

/** Creates networks and volumes, and fills these. What is created says of itself for which operation. */
export async function createStorage(
  deps: RestoreStepsDependencies,
  entry: Pick<RestoreEntry, "container" | "operation">,
  work: RestoreWork,
  signal: AbortSignal,
): Promise<void> {
  const { engine } = deps;
  const { plan } = work;
  const mark = { [restoreLabel]: entry.operation };
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
  await fill(deps, entry, work, signal);
}

/**
 * Puts the data into the volumes, each through a helper of its own that never runs: whatever an archive says, it can
 * write nowhere but into its volume, and into a container that is removed again.
 */
async function fill(
  { engine, vault }: RestoreStepsDependencies,
  { container, operation }: Pick<RestoreEntry, "container" | "operation">,
  { plan, source: { file, manifest }, imageId, report }: RestoreWork,
  signal: AbortSignal,
): Promise<void> {
  const { Config: imageConfig } = await engine.inspectImage(imageId, signal);
  const total = manifest.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const tell = byteProgress(report, "restoring", total);
  let written = 0;
  for await (const { name: part, content } of vault.parts(file, manifest, signal)) {
    const volume = plan.volumes.find((candidate) => candidate.part === part);
    if (volume === undefined) continue;
    const mounts = [{ part, type: "volume", source: volume.newName, isWritten: true }] as const;
    const subject = { container, operation, imageId, imageConfig, mounts };
    await engine.create(backupHelperFor(subject), new AbortController().signal);
    async function* counted(): AsyncGenerator<Buffer, void, undefined> {
      for await (const piece of content) {
        written += piece.length;
        tell(written);
        yield piece;
      }
    }
    await engine.writeArchive(backupHelperNameFor(container, operation), counted(), signal);
    await removeHelper(engine, { container, operation }, signal);
  }
}

/**
 * Creates the container under its transient name, and resolves to its id. It remembers the reference that it was created
 * from: where the local tag names another image than the one that is meant, it is moved for as long as that takes.
 */
export async function createRestored(
  { engine }: RestoreStepsDependencies,
  { container, operation }: Pick<RestoreEntry, "container" | "operation">,
  { plan, imageId }: RestoreWork,
  note: (retags: readonly Retag[]) => Promise<void>,
  signal: AbortSignal,
): Promise<string> {
  const { body, platform } = plan.create;
  const name = restoreNameFor(container, operation);
  const retag = await retagFor(engine, { reference: body.Image, newImageId: imageId }, signal);
  if (retag !== undefined) {
    await note([retag]);
    await moveTag(engine, { ...retag, imageId }, signal);
  }
  signal.throwIfAborted();
  // An abort in the middle would leave it open whether there is a container.
  const request = { name, body, ...(platform === undefined ? {} : { platform }) };
  const { id } = await engine.create(request, new AbortController().signal);
  if (retag !== undefined) await giveBackTag(engine, retag, signal);
  return id;
}

/** Puts the new container into its networks, and gives it its name. */
export async function finishRestored(
  { engine }: RestoreStepsDependencies,
  { container, create: { connect, disconnect } }: RestorePlan,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { network, endpoint } of connect) await engine.connect(network, id, endpoint, signal);
  for (const network of disconnect) await engine.disconnect(network, id, signal);
  await engine.rename(id, container, signal);
}

/** Resolves to the fault where it does not run: what was restored stays. */
export async function startRestored(
  { engine }: { readonly engine: Pick<Engine, "pause" | "start"> },
  { container, isPaused }: { readonly container: string; readonly isPaused: boolean },
  signal: AbortSignal,
): Promise<unknown> {
  try {
    await engine.start(container, signal);
    if (isPaused) await engine.pause(container, signal);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Is it no fault of the container's, so that another try at another time may start it? */
export function isForLater(fault: unknown): boolean {
  return isErrorWithCode(fault, "aborted", "engine_unreachable", "timeout");
}

/** What there is to say where a container that was restored does not run. */
export function notStarted(fault: unknown): readonly string[] {
  return fault === undefined ? [] : [`It could not be started, and is left as it is: ${messageOf(fault)}.`];
}
