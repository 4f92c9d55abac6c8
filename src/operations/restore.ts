import type { BackupPlan } from "../core/backup.ts";
import type { Disk } from "../core/disk.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Journal } from "../core/ports.ts";
import type { RestoreDecision, RestorePlan } from "../core/restore.ts";
import { restoreEnding } from "../core/restore-ending.ts";
import type { RestoreEntry } from "../core/restore-journal.ts";
import { unfinishedBefore } from "../core/restore-refusal.ts";
import type { EngineStorage } from "../core/storage.ts";
import type { Vault } from "../core/vault.ts";
import type { BackupDependencies } from "./backup.ts";
import { provideImage, type RestoreImageDependencies } from "./restore-image.ts";
import { restoreInPlace } from "./restore-in-place.ts";
import {
  createRestored,
  createStorage,
  finishRestored,
  notStarted,
  type RestoreStepsDependencies,
  type RestoreWork,
  startRestored,
} from "./restore-steps.ts";
import type { Order } from "./runner.ts";
import { inspectIfThere } from "./survey.ts";
import { type RestoreSurveyDependencies, surveyRestore } from "./survey-restore.ts";
import { undoRestore } from "./undo-restore.ts";

export type RestoreCommand = Extract<Command, { readonly kind: "restore" }>;

export interface RestoreDependencies extends BackupDependencies {
  readonly engine: BackupDependencies["engine"] &
    RestoreImageDependencies["engine"] &
    RestoreStepsDependencies["engine"] &
    EngineStorage &
    Pick<Engine, "list"> &
    Pick<Disk, "networks" | "removeNetwork" | "removeVolume" | "volumes">;
  readonly registry: RestoreImageDependencies["registry"];
  readonly journal: Pick<Journal, "all">;
}

const undoMs = 180_000;

/** What a restore would do, or what stands in its way. Nothing is proven of the file yet, and nothing is changed. */
export async function previewRestore(
  deps: RestoreSurveyDependencies & { readonly vault: Pick<Vault, "planOf"> },
  command: RestoreCommand,
  signal: AbortSignal,
): Promise<{ readonly backup: BackupPlan; readonly decision: RestoreDecision }> {
  const backup = await deps.vault.planOf(command.file, signal);
  return { backup, decision: (await surveyRestore(deps, backup, command, signal)).decision };
}

/**
 * Makes a container anew from a backup, with new volumes that have its data. Nothing that is there is written to, but
 * with `replace`. The whole file is proven first; and until the container has its name, whatever goes wrong removes again
 * what was created.
 */
export async function restoreContainer(
  deps: RestoreDependencies,
  command: RestoreCommand,
  order: Order,
  signal: AbortSignal,
): Promise<Outcome> {
  const { container, file } = command;
  deps.atWork.add(order.operation);
  try {
    order.report({ phase: "restoring" });
    const { plan: backup, manifest } = await deps.vault.verify(file, () => {}, signal);
    const survey = await surveyRestore(deps, backup, command, signal);
    const { decision } = survey;
    if (decision.kind === "conflicts") return { state: "rejected", message: decision.conflicts.join(" ") };
    const { plan } = decision;
    const refusal = await refusalFor(deps, plan);
    if (refusal !== undefined) return { state: "rejected", message: refusal };
    const { imageId, remarks } = await provideImage(deps, backup, order.report, signal);
    const work: RestoreWork = { plan, source: { file, backup, manifest }, imageId, report: order.report };
    const entry: RestoreEntry = {
      ...{ schema: 1, kind: "restore", operation: order.operation, id: order.id, node: deps.node },
      ...{ container, file, startedAt: order.startedAt },
      images: [imageId],
      volumes: plan.volumes.map(({ newName }) => newName),
      networks: plan.networks.map(({ name }) => name),
    };
    const sentences = [`${container} was restored from ${file}.`, ...remarks];
    if (plan.replaces !== undefined) {
      return await restoreInPlace(deps, { command, survey, work, entry, sentences, order }, signal);
    }
    const fault = await restoreBeside(deps, work, entry, signal);
    const message = [...sentences, ...plan.warnings, ...notStarted(fault)].join(" ");
    return { state: fault === undefined ? "done" : "failed", message };
  } finally {
    deps.atWork.delete(order.operation);
  }
}

async function refusalFor(
  { journal, restoreJournal, backupJournal, node }: RestoreDependencies,
  { container, volumes, replaces }: RestorePlan,
): Promise<string | undefined> {
  const names = [...volumes.map(({ newName }) => newName), ...(replaces?.volumes ?? [])];
  return unfinishedBefore(
    { node, container, targetId: replaces?.target?.Id, volumes: names },
    { swaps: await journal.all(), restores: await restoreJournal.all(), backups: await backupJournal.all() },
  );
}

/** Resolves to the fault where what was restored cannot be started. */
async function restoreBeside(
  deps: RestoreDependencies,
  work: RestoreWork,
  beginning: RestoreEntry,
  signal: AbortSignal,
): Promise<unknown> {
  const { restoreJournal, log } = deps;
  const { container, operation } = beginning;
  let entry = beginning;
  const note = async (changes: Partial<RestoreEntry>): Promise<void> => {
    entry = { ...entry, ...changes };
    await restoreJournal.put(entry);
  };
  try {
    await note({});
    await createStorage(deps, entry, work, signal);
    const newId = await createRestored(deps, entry, work, (retags) => note({ retags }), signal);
    await note({ newId, retags: [] });
    await finishRestored(deps, work.plan, newId, signal);
  } catch (error) {
    await undo(deps, entry, signal);
    throw error;
  }
  // All is there: a note that cannot be written takes nothing of it away, and the recovery looks at the container.
  await note({ named: true }).catch((error: unknown) =>
    log.error({ container, err: error }, "a restore could not be noted"),
  );
  const isPaused = work.source.backup.state === "paused";
  const fault = work.plan.start
    ? await startRestored(deps, { container: entry.newId ?? container, isPaused }, signal)
    : undefined;
  await restoreJournal
    .remove(operation)
    .catch((error: unknown) => log.error({ container, err: error }, "a restore could not be closed yet"));
  return fault;
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
