import type { BackupPlan } from "../core/backup.ts";
import type { Disk } from "../core/disk.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { Command } from "../core/operation.ts";
import type { Engine } from "../core/ports.ts";
import { type Existing, planRestore, type RestoreDecision, type RestoreWish } from "../core/restore.ts";
import type { EngineStorage, VolumeInspect } from "../core/storage.ts";
import { backupsPathOf, type HaltsDependencies, isNeededOf, known } from "./backup-preparation.ts";
import { inspectAll } from "./survey.ts";

export interface RestoreSurveyDependencies extends Omit<HaltsDependencies, "engine"> {
  readonly engine: Pick<Engine, "inspect" | "list"> &
    Pick<EngineStorage, "inspectVolume"> &
    Pick<Disk, "networks" | "volumes">;
}

/** What a restore would do, and what that was decided by. */
export interface RestoreSurvey {
  readonly decision: RestoreDecision;
  readonly all: readonly ContainerInspect[];
  /** The volumes that are removed. */
  readonly inspected: readonly VolumeInspect[];
}

/** Finds out what a restore would create and remove, or what stands in its way. Changes nothing. */
export async function surveyRestore(
  deps: RestoreSurveyDependencies,
  backup: BackupPlan,
  { container, volumes = "same", ports = {}, start }: Extract<Command, { readonly kind: "restore" }>,
  signal: AbortSignal,
): Promise<RestoreSurvey> {
  const wish: RestoreWish = { container, volumes, ports, start };
  const existing = await existingAt(deps.engine, signal);
  const { containers: all } = existing;
  const first = planRestore(backup, wish, existing);
  const removed = first.kind === "plan" ? first.plan.replaces?.volumes : undefined;
  if (removed === undefined) return { decision: first, all, inspected: [] };
  const inspected = await known(removed, (name) => deps.engine.inspectVolume(name, signal));
  const surroundings = { inspected, isNeeded: await isNeededOf(deps), backupsPath: backupsPathOf(deps, all) };
  return { decision: planRestore(backup, wish, existing, surroundings), all, inspected };
}

/** What the engine has already. */
export async function existingAt(engine: RestoreSurveyDependencies["engine"], signal: AbortSignal): Promise<Existing> {
  return {
    containers: await inspectAll(engine, signal),
    volumes: new Set((await engine.volumes(signal)).map(({ name }) => name)),
    networks: new Set((await engine.networks(signal)).map(({ name }) => name)),
  };
}
