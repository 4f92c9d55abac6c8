import type { Halt } from "../core/backup-journal.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { Outcome } from "../core/operation.ts";
import type { InPlace } from "../core/restore-in-place.ts";
import type { ReplacedEntry, RestoreEntry } from "../core/restore-journal.ts";
import { GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";
import { within } from "../lib/within.ts";
import { carryOut } from "./backup.ts";
import { removeHelper } from "./backup-helper.ts";
import { requireSpace } from "./backup-preparation.ts";
import { endInPlace, type InPlaceEnd } from "./bring-back.ts";
import { haltAll, requireHalted } from "./halts.ts";
import type { RestoreCommand, RestoreDependencies } from "./restore.ts";
import {
  createRestored,
  createStorage,
  finishRestored,
  isForLater,
  notStarted,
  type RestoreWork,
  startRestored,
} from "./restore-steps.ts";
import type { Order } from "./runner.ts";
import { prepareSafety } from "./safety-backup.ts";
import { type RestoreSurvey, surveyRestore } from "./survey-restore.ts";

/** A restore of which everything that can be found out beforehand is found out. */
export interface InPlaceWork {
  readonly command: RestoreCommand;
  readonly survey: RestoreSurvey;
  readonly work: RestoreWork;
  /** What is going to be noted first. */
  readonly entry: RestoreEntry;
  /** What is to be said of it where it ends well. */
  readonly sentences: readonly string[];
  readonly order: Order;
}

const nothing: InPlace = { target: undefined, volumes: [], warnings: [] };
const noteMs = 60_000;
/** Data is written at the pace of a disk, and what does not move at all ends by itself. */
const returnMs = 12 * 3_600_000;

/**
 * Restores in the place of what is there: stops the container, backs it up as it is now, removes it and the volumes that
 * are filled, and makes all of it anew. Whatever goes wrong, what was there before is there again.
 */
export async function restoreInPlace(
  deps: RestoreDependencies,
  { command, survey, work, entry: beginning, sentences, order }: InPlaceWork,
  signal: AbortSignal,
): Promise<Outcome> {
  const { engine, restoreJournal } = deps;
  const { container, operation, file } = beginning;
  const replaces = work.plan.replaces ?? nothing;
  const { target } = replaces;
  const { all, inspected } = survey;
  const subject = { backup: work.source.backup, file, plan: work.plan, all, inspected, imageId: work.imageId };
  const prepared = await prepareSafety(deps, subject, signal);
  const total = await requireSpace(deps, prepared.plan, signal);
  const halts = target?.State.Running === true ? [haltOf(container, target)] : [];
  let replaced: ReplacedEntry = {
    ...{ halts, begun: 0, start: work.plan.start },
    ...(target === undefined ? {} : { oldId: target.Id }),
  };
  let entry: RestoreEntry = {
    ...beginning,
    images: [...new Set([work.imageId, prepared.plan.image.id])],
    volumes: [...new Set([...beginning.volumes, ...prepared.plan.volumes.map(({ name }) => name)])],
    networks: [...new Set([...beginning.networks, ...prepared.plan.networks.map(({ name }) => name)])],
  };
  const note = async (changes: Partial<RestoreEntry>, more: Partial<ReplacedEntry> = {}): Promise<void> => {
    replaced = { ...replaced, ...more };
    entry = { ...entry, ...changes, replaced };
    await within(restoreJournal.put(entry), { ms: noteMs, late: () => new GangwayError("file_failed", notNoted) });
  };
  try {
    await note({});
    await haltAll(deps, halts, (halting) => note({}, halting), signal);
    const made = await carryOut(deps, prepared, { order, total, command: "restore" }, signal);
    order.report({ phase: "restoring" });
    await requireSame(deps, { command, work, replaced, target }, signal);
    await removeHelper(engine, { container, operation }, signal);
    await note({}, { safety: made.file.file });
    await remove(deps, replaces, (removing) => note({}, { removing }), signal);
    await createStorage(deps, entry, work, signal);
    const newId = await createRestored(deps, entry, work, (retags) => note({ retags }), signal);
    await note({ newId, retags: [] });
    await finishRestored(deps, work.plan, newId, signal);
  } catch (error) {
    return await failed(deps, entry, error, signal);
  }
  return await completed(deps, { work, entry, replaced, note, sentences }, signal);
}

interface Completion extends Pick<InPlaceWork, "entry" | "sentences" | "work"> {
  readonly replaced: ReplacedEntry;
  readonly note: (changes: Partial<RestoreEntry>) => Promise<void>;
}

/** The container has its name. Starts it, and closes the note. */
async function completed(
  deps: RestoreDependencies,
  { work, entry: { container, operation, newId = container }, replaced, note, sentences }: Completion,
  signal: AbortSignal,
): Promise<Outcome> {
  const { restoreJournal, log } = deps;
  // All is there: a note that cannot be written takes nothing of it away, and the recovery looks at the container.
  await note({ named: true }).catch((error: unknown) =>
    log.error({ container, err: error }, "a restore could not be noted"),
  );
  const isPaused = work.source.backup.state === "paused";
  const fault = work.plan.start ? await startRestored(deps, { container: newId, isPaused }, signal) : undefined;
  // Else the recovery starts it.
  if (!isForLater(fault)) {
    await restoreJournal
      .remove(operation)
      .catch((error: unknown) => log.error({ container, err: error }, "a restore could not be closed yet"));
  }
  const { safety = "" } = replaced;
  const there = whereItIs(safety, fault !== undefined);
  const start = isForLater(fault)
    ? [`It could not be started yet (${messageOf(fault)}); Gangway goes on trying.`]
    : notStarted(fault);
  const message = [...sentences, ...start, there, ...work.plan.warnings].join(" ");
  return { state: fault === undefined ? "done" : "failed", message, backup: safety };
}

const notNoted = "the journal took no note for 60 s; look whether the disk of data_dir is still there";

function haltOf(container: string, { Id: id, State }: ContainerInspect): Halt {
  return { container, id, deed: "stop", startedAt: State.StartedAt };
}

/** What the backup that was made before is good for. */
export function whereItIs(safety: string, isWanted: boolean): string {
  const advice = isWanted ? ': to have it back, restore that file, with `"volumes": "replace"`' : "";
  return `What was there before is in ${safety}${advice}.`;
}

interface Sameness {
  readonly command: RestoreCommand;
  readonly work: RestoreWork;
  readonly replaced: ReplacedEntry;
  readonly target: ContainerInspect | undefined;
}

/** Rejects with `backup_failed` where what would be removed is not what was backed up, or not only. */
async function requireSame(
  deps: RestoreDependencies,
  { command, work, replaced, target }: Sameness,
  signal: AbortSignal,
): Promise<void> {
  await requireHalted(deps, replaced.halts, signal);
  // Nobody may have taken it away meanwhile.
  const backup = await deps.vault.planOf(command.file, signal);
  const { decision, all } = await surveyRestore(deps, backup, command, signal);
  if (decision.kind === "conflicts") throw new GangwayError("backup_failed", decision.conflicts.join(" "));
  const now = decision.plan.replaces ?? nothing;
  const { volumes = [] } = work.plan.replaces ?? {};
  const isSame =
    now.target?.Id === target?.Id &&
    now.volumes.join() === volumes.join() &&
    (target === undefined || isAsItWas(target, replaced, all));
  if (!isSame) {
    const message = `somebody changed or started what ${command.container} is, or its volumes, meanwhile; ask again`;
    throw new GangwayError("backup_failed", message);
  }
}

function isAsItWas(target: ContainerInspect, { halts }: ReplacedEntry, all: readonly ContainerInspect[]): boolean {
  const now = all.find(({ Id }) => Id === target.Id)?.State;
  const startedAt = halts[0]?.startedAt ?? target.State.StartedAt;
  return now !== undefined && !now.Running && now.StartedAt === startedAt;
}

/**
 * The engine removes no container that runs, and no volume that a container has. `note` resolves when it is noted which
 * volumes may have lost data: an engine that fails in the middle leaves one with half of its files.
 */
async function remove(
  { engine }: Pick<RestoreDependencies, "engine">,
  { target, volumes }: InPlace,
  note: (removing: readonly string[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (target !== undefined) await engine.remove(target.Id, { force: false }, signal);
  for (const [index, volume] of volumes.entries()) {
    await note(volumes.slice(0, index + 1));
    await engine.removeVolume(volume, signal);
  }
}

async function failed(
  deps: RestoreDependencies,
  entry: RestoreEntry,
  error: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  const { container, id, file, replaced } = entry;
  const code = error instanceof GangwayError ? error.code : "backup_failed";
  const cause = `${container} was not restored from ${file}: ${messageOf(error)}.`;
  let decided: InPlaceEnd["ending"] | undefined;
  try {
    const end = await endInPlace(deps, entry, AbortSignal.timeout(returnMs), (ending) => {
      decided = ending;
    });
    // Nothing has happened, and the runner says why.
    if (end.ending === "resume" && signal.aborted && isErrorWithCode(error, "aborted")) throw error;
    if (end.ending === "done") return { ...endOfDone(end), message: endText(entry, end), ...backupIn(entry) };
    return { state: "failed", code, message: `${cause} ${endText(entry, end)}`, ...backupIn(entry) };
  } catch (fault) {
    if (fault === error) throw error;
    deps.log.error({ container, operation: id, err: fault }, "a restore could not be undone yet");
    const kept = replaced?.safety === undefined ? "" : ` ${whereItIs(replaced.safety, false)}`;
    const message = `${cause} ${unendedText(container, decided)}: ${messageOf(fault)}. Gangway goes on trying.${kept}`;
    return { state: "failed", code, message, ...backupIn(entry) };
  }
}

/** A container that has its name but does not run is not what was asked for. */
export function endOfDone({ remarks }: InPlaceEnd): Pick<Outcome, "state"> {
  return { state: remarks.length === 0 ? "done" : "failed" };
}

/** What there is while a restore has not ended, by how it was to end; undefined where that was not found out either. */
function unendedText(container: string, ending: InPlaceEnd["ending"] | undefined): string {
  switch (ending) {
    case "resume":
      return `Nothing was removed, but ${container} is not as it was yet`;
    case "done":
      return `${container} has come into its place after all, but not all is done`;
    case undefined:
      return "What has become of it could not be found out yet";
    default:
      return "What was there before is not there again";
  }
}

/** The file with what was there before. */
export function backupIn({ replaced }: RestoreEntry): Pick<Outcome, "backup"> {
  return replaced?.safety === undefined ? {} : { backup: replaced.safety };
}

/** What became of a restore in the place of something that did not go through in one go. */
export function endText({ container, file, replaced }: RestoreEntry, { ending, remarks }: InPlaceEnd): string {
  const safety = replaced?.safety ?? "";
  const texts: Readonly<Record<InPlaceEnd["ending"], string>> = {
    resume: remarks.length > 0 ? "Nothing was removed." : "Nothing was removed, and all is as it was.",
    return: `What was there before is there again, from ${safety}.`,
    returned: `What was there before is there again, from ${safety}.`,
    done: `${container} was restored from ${file}. ${whereItIs(safety, false)}`,
    taken: `Somebody has made another ${container} meanwhile, which is left alone. ${whereItIs(safety, true)}`,
    lost: `Somebody has removed ${container} meanwhile; its volumes are kept. ${whereItIs(safety, true)}`,
  };
  return [texts[ending], ...remarks].join(" ");
}
