import { type BackupPlan, type Compression, type Consistency, partsOf, rootOf } from "../core/backup.ts";
import { backupHelperFor } from "../core/backup-helper.ts";
import type { BackupEntry, BackupJournal, Halt } from "../core/backup-journal.ts";
import { backupHelperNameFor } from "../core/backup-name.ts";
import type { Retention } from "../core/backup-retention.ts";
import type { Disk } from "../core/disk.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Inventory } from "../core/ports.ts";
import { bytesText } from "../core/prune/prune.ts";
import type { RestoreJournal } from "../core/restore-journal.ts";
import type { EngineStorage } from "../core/storage.ts";
import type { BackupDraft, BackupFile, Vault } from "../core/vault.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { within } from "../lib/within.ts";
import { removeHelper } from "./backup-helper.ts";
import { type Preparation, prepareBackup, requireSpace } from "./backup-preparation.ts";
import { byteProgress } from "./byte-progress.ts";
import { haltAll, requireHalted, requireNoWriters, resumeAll } from "./halts.ts";
import { removeOutdated } from "./outdated-backups.ts";
import type { Order } from "./runner.ts";

export interface BackupDependencies {
  readonly engine: Pick<
    Engine,
    "create" | "inspect" | "inspectImage" | "list" | "pause" | "remove" | "start" | "stop" | "unpause"
  > &
    EngineStorage &
    Pick<Disk, "usage">;
  readonly vault: Vault;
  readonly backupJournal: BackupJournal;
  readonly restoreJournal: RestoreJournal;
  readonly backups: BackupSettings;
  /** The backup directory, absolute; `isOnHost`: the engine's host has the same file system as Gangway. */
  readonly backupPlace: { readonly directory: string; readonly isOnHost: boolean };
  readonly inventory: Pick<Inventory, "node">;
  readonly node: string;
  /** Gangway's release. */
  readonly version: string;
  readonly ownContainerId: string | undefined;
  /** Which containers does Gangway reach the engine through? */
  readonly wayToEngine: () => Promise<(inspect: ContainerInspect) => boolean>;
  /** The operations that somebody is at work on. */
  readonly atWork: Set<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the configuration says of backups. */
export interface BackupSettings {
  readonly consistency: Consistency;
  readonly compression: Compression;
  readonly retention: Retention;
}

/** At the end everything gets its time, whatever has become of the rest: a stop can take as long as it likes. */
const resumeMs = 3_600_000;
const tidyMs = 60_000;
const noteMs = 60_000;
const notNoted = "the journal took no note for 60 s; look whether the disk of data_dir is still there";

/**
 * Writes a container's definition and the data of its volumes into one file. Everything that can be found out beforehand
 * comes first; then those that can write to the data are halted, and run again as soon as it has been read. Whatever goes
 * wrong, they run again, and no file is left but a whole one that was read back.
 */
export async function backUpContainer(
  deps: BackupDependencies,
  { container }: Extract<Command, { readonly kind: "backup" }>,
  order: Order,
  signal: AbortSignal,
): Promise<Outcome> {
  deps.atWork.add(order.operation);
  try {
    const written = await writeBackup(deps, container, { order }, signal);
    if (written.kind === "refused") return { state: "rejected", message: written.message };
    const { file, remarks } = written;
    await removeOutdated(deps, container, file.file, signal);
    const sentences = [`${container} was backed up to ${file.file} (${bytesText(file.bytes)}).`, ...remarks];
    return { state: "done", message: sentences.join(" "), backup: file.file };
  } finally {
    deps.atWork.delete(order.operation);
  }
}

/** The operation that a backup is made in. */
export interface BackupRequest {
  /** Somebody is at work on it, and holds the locks. */
  readonly order: Order;
  /** What the backup is a step of; absent: it was asked for by itself. */
  readonly command?: BackupEntry["command"];
}

/** A backup that is whole. */
export interface Written extends Carried {
  readonly kind: "written";
  /** Sentences on what may not be as one expects. */
  readonly warnings: readonly string[];
}

/**
 * The backup itself, as a step of whatever operation. Resolves when the file is whole and everybody runs again; no other
 * file is removed for it.
 */
export async function writeBackup(
  deps: BackupDependencies,
  container: string,
  { order, command }: BackupRequest,
  signal: AbortSignal,
): Promise<Written | { readonly kind: "refused"; readonly message: string }> {
  const prepared = await prepareBackup(deps, container, signal);
  if (prepared.kind === "refused") return prepared;
  const { warnings } = prepared.plan;
  const total = await requireSpace(deps, prepared.plan, signal);
  const carriage = { order, total, ...(command === undefined ? {} : { command }) };
  const carried = await carryOut(deps, prepared, carriage, signal);
  for (const warning of warnings) deps.log.warn({ container, operation: order.id, warning }, "backup warning");
  return { kind: "written", ...carried, warnings };
}

interface Carriage extends BackupRequest {
  /** The bytes that are going to be read, where that is known. */
  readonly total: number | undefined;
}

interface Carried {
  readonly file: BackupFile;
  readonly remarks: readonly string[];
}

/** Makes a backup that was prepared, and resolves when it is whole and all run again that were halted for it. */
export async function carryOut(
  deps: BackupDependencies,
  prepared: Preparation,
  { order, total, command }: Carriage,
  signal: AbortSignal,
): Promise<Carried> {
  const { vault, backupJournal, node, backups } = deps;
  const { plan, image, halts } = prepared;
  const { container } = plan;
  const { operation, id, startedAt } = order;
  let entry: BackupEntry = {
    ...{ schema: 1, kind: "backup", operation, id, node, container, startedAt },
    ...{ step: "preparing", halts, begun: 0, partial: "" },
    ...(command === undefined ? {} : { command }),
  };
  const note = async (changes: Partial<BackupEntry>): Promise<void> => {
    entry = { ...entry, ...changes };
    // It may be on the disk that stalls.
    await within(backupJournal.put(entry), { ms: noteMs, late: () => new GangwayError("file_failed", notNoted) });
  };
  const resume = (): Promise<readonly string[]> => resumeAll(deps, entry, AbortSignal.timeout(resumeMs));
  try {
    const beginning = { plan, compression: backups.compression, note: (partial: string) => note({ partial }) };
    await using draft = await vault.begin(beginning, signal);
    const helper = partsOf(plan).length === 0 ? "" : await createHelper(deps, { plan, image, operation }, signal);
    const noted = { note, halts: () => entry.halts, resume };
    const { resumed, seconds } = await readHalted(deps, { prepared, draft, helper, order, total }, noted, signal);
    const file = await draft.finish();
    if (resumed instanceof Error) throw notRunning(plan, file, resumed);
    return { file, remarks: [...downtimeOf(plan, seconds), ...resumed] };
  } finally {
    await tidy(deps, entry, resume);
  }
}

interface Reading extends Carriage {
  readonly prepared: Preparation;
  readonly draft: BackupDraft;
  /** The name of the helper container. */
  readonly helper: string;
}

/** The journal entry of a backup that is under way. */
interface Noted {
  readonly note: (changes: Partial<BackupEntry>) => Promise<void>;
  readonly halts: () => readonly Halt[];
  readonly resume: () => Promise<readonly string[]>;
}

/**
 * Reads the data while those that write to it are halted. However that ends, they run again before anything waits for the
 * disk once more: it may be what does not answer. Resolves to what is to be said of them, or why not all of them run.
 */
async function readHalted(
  deps: BackupDependencies,
  { prepared: { plan, halts, sources }, draft, helper, order, total }: Reading,
  { note, halts: noted, resume }: Noted,
  signal: AbortSignal,
): Promise<{ readonly resumed: readonly string[] | Error; readonly seconds: number }> {
  const { engine, clock } = deps;
  const haltedAt = clock.elapsed();
  try {
    await note({ step: "halting" });
    await haltAll(deps, halts, note, signal);
    await note({ step: "reading" });
    const report = progressOf(order, total);
    for (const part of partsOf(plan)) {
      const onBytes = report();
      await draft.add(part, engine.readArchive(helper, `/${rootOf(part)}`, signal), onBytes);
    }
    await requireHalted(deps, noted(), signal);
    await requireNoWriters(deps, sources, signal);
  } catch (error) {
    // What fails of this is tried, and told of, once more at the end.
    await resume().catch(() => {});
    throw error;
  }
  const resumed = await resume().catch((error: unknown) => new GangwayError("backup_failed", messageOf(error)));
  const seconds = Math.round((clock.elapsed() - haltedAt) / 1_000);
  if (!(resumed instanceof Error)) await note({ step: "writing", begun: 0 });
  return { resumed, seconds };
}

/** Lets everything run again, and removes the helper. What cannot be done now is done by the recovery: the entry stays. */
async function tidy(
  { engine, backupJournal, log }: BackupDependencies,
  { container, operation, id, partial }: BackupEntry,
  resume: () => Promise<readonly string[]>,
): Promise<void> {
  try {
    await resume();
    await removeHelper(engine, { container, operation }, AbortSignal.timeout(tidyMs));
    if (partial !== "") await backupJournal.remove(operation);
  } catch (error) {
    log.error({ container, operation: id, err: error }, "a backup could not be tidied up yet");
  }
}

async function createHelper(
  { engine }: Pick<BackupDependencies, "engine">,
  {
    plan: { container, volumes, binds, image: backedUp },
    image,
    operation,
  }: Pick<Preparation, "plan" | "image"> & { readonly operation: string },
  signal: AbortSignal,
): Promise<string> {
  if (image === undefined) {
    const message = `The engine has no record any more of the image that ${container} runs: recreate it first`;
    throw new GangwayError("backup_failed", message);
  }
  const mounts = [
    ...volumes.flatMap(({ part, name }) =>
      part === undefined ? [] : [{ part, type: "volume" as const, source: name }],
    ),
    ...binds.flatMap(({ part, source }) => (part === undefined ? [] : [{ part, type: "bind" as const, source }])),
  ];
  const helper = backupHelperFor({ container, operation, imageId: backedUp.id, imageConfig: image.Config, mounts });
  signal.throwIfAborted();
  // An abort in the middle would leave it open whether there is a container.
  await engine.create(helper, new AbortController().signal);
  return backupHelperNameFor(container, operation);
}

/** Tells the progress over all parts; each call begins another part. */
function progressOf({ report }: Order, total: number | undefined): () => (bytes: number) => void {
  let before = 0;
  let last = 0;
  // Headers and padding come on top of what the engine counts.
  const tell = byteProgress(report, "backing_up", total);
  tell(0);
  return () => {
    before += last;
    last = 0;
    return (bytes) => {
      last = bytes;
      tell(before + bytes);
    };
  };
}

function downtimeOf({ halted, consistency }: BackupPlan, seconds: number): readonly string[] {
  if (halted.length === 0) return [];
  const deed = consistency === "pause" ? "paused" : "stopped";
  const names = halted.length === 1 ? "It was" : `${halted.join(", ")} were`;
  return [`${names} ${deed} for ${seconds} s.`];
}

function notRunning({ container }: BackupPlan, { file }: BackupFile, cause: Error): GangwayError {
  const message = `${container} was backed up to ${file}, but not everything runs again; Gangway goes on trying`;
  return new GangwayError("backup_failed", message, { cause });
}
