import { type BackupPlan, partsOf } from "../core/backup.ts";
import { type HaltSubject, planHalts } from "../core/backup-halts.ts";
import type { Halt } from "../core/backup-journal.ts";
import { backupLabelsFrom } from "../core/backup-labels.ts";
import { destinationsOfHostPath, hostPathOf } from "../core/backup-place.ts";
import { labelsLeavingOut, planBackup, sourcesOf } from "../core/backup-plan.ts";
import { isoSeconds, isTransientName } from "../core/container.ts";
import type { Disk } from "../core/disk.ts";
import type { ContainerInspect, ImageInspect } from "../core/inspect.ts";
import type { Engine } from "../core/ports.ts";
import { bytesText } from "../core/prune/prune.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";
import { deadline } from "../lib/time.ts";
import type { BackupDependencies } from "./backup.ts";
import { identityOf, imageIfThere } from "./images.ts";
import { type Survey, surveyOf } from "./survey.ts";

/** What a backup is going to do. */
export interface Preparation {
  readonly kind: "prepared";
  readonly plan: BackupPlan;
  readonly image: ImageInspect | undefined;
  /** In the order in which they are to be started again. */
  readonly halts: readonly Halt[];
  /** What is read: nobody may write to it meanwhile. */
  readonly sources: Omit<HaltSubject, "all">;
}

export type HaltsDependencies = Pick<
  BackupDependencies,
  "backupPlace" | "backups" | "ownContainerId" | "wayToEngine"
> & {
  readonly engine: Pick<Engine, "inspect" | "list">;
};

/** Which containers a backup touches: its own, and those that are halted meanwhile. */
export async function backupScopeOf(
  deps: HaltsDependencies,
  container: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const survey = await surveyOf(deps.engine, container, signal);
  const halting = planHalts({ ...(await sourcesFor(deps, survey)), all: survey.all });
  return halting.kind === "refused" ? [container] : [container, ...halting.halts.map((halt) => halt.container)];
}

/** Finds out what a backup has to do, or why it must not be made. Changes nothing. */
export async function prepareBackup(
  deps: BackupDependencies,
  container: string,
  signal: AbortSignal,
): Promise<Preparation | { readonly kind: "refused"; readonly message: string }> {
  if (isTransientName(container)) {
    return { kind: "refused", message: `${container} is left over from an unfinished operation, and not to be kept.` };
  }
  const survey = await surveyOf(deps.engine, container, signal);
  const sources = await sourcesFor(deps, survey);
  const halting = planHalts({ ...sources, all: survey.all });
  if (halting.kind === "refused") return halting;
  const { halts, warnings } = halting;
  const image = await imageIfThere(deps.engine, survey.target.Image, signal);
  const plan = await planFor(deps, survey, image, signal);
  const halted = halts.map((halt) => halt.container);
  return {
    kind: "prepared",
    image,
    halts,
    sources,
    plan: { ...plan, halted, warnings: [...plan.warnings, ...warnings] },
  };
}

/** Where the backups are on the engine's host; undefined where they are not there. */
export function backupsPathOf(
  { backupPlace: { directory, isOnHost }, ownContainerId }: Pick<HaltsDependencies, "backupPlace" | "ownContainerId">,
  all: Survey["all"],
): string | undefined {
  const own = all.find(({ Id }) => Id === ownContainerId);
  return own === undefined ? (isOnHost ? directory : undefined) : hostPathOf(directory, own);
}

/** Where the container sees the backups. */
export function backupsSeenIn(
  deps: Pick<HaltsDependencies, "backupPlace" | "ownContainerId">,
  { target, all }: Pick<Survey, "target" | "all">,
): readonly string[] {
  const path = backupsPathOf(deps, all);
  return path === undefined ? [] : destinationsOfHostPath(path, target.Mounts);
}

async function sourcesFor(
  deps: HaltsDependencies,
  survey: Pick<Survey, "target" | "all">,
): Promise<Omit<HaltSubject, "all">> {
  const { target } = survey;
  const labels = labelsLeavingOut(backupLabelsFrom(target.Config.Labels ?? {}), backupsSeenIn(deps, survey));
  return {
    consistency: labels.consistency ?? deps.backups.consistency,
    ...sourcesOf(target, labels),
    isNeeded: await isNeededOf(deps),
  };
}

/** Is a container Gangway itself, or what it reaches the engine through? */
export async function isNeededOf({
  ownContainerId,
  wayToEngine,
}: Pick<HaltsDependencies, "ownContainerId" | "wayToEngine">): Promise<(inspect: ContainerInspect) => boolean> {
  const isWay = await wayToEngine();
  return (inspect) => inspect.Id === ownContainerId || isWay(inspect);
}

async function planFor(
  { engine, backups, inventory, node, version, clock, backupPlace, ownContainerId }: BackupDependencies,
  { target, names, all }: Survey,
  image: ImageInspect | undefined,
  signal: AbortSignal,
): Promise<BackupPlan> {
  const labels = backupLabelsFrom(target.Config.Labels ?? {});
  const { volumes } = sourcesOf(target, { ...labels, exclude: [] });
  return planBackup({
    inspect: target,
    ...{ image, labels, names, node, gangway: version },
    backupsAt: backupsSeenIn({ backupPlace, ownContainerId }, { target, all }),
    volumes: await known(volumes, (name) => engine.inspectVolume(name, signal)),
    networks: await known(Object.keys(target.NetworkSettings.Networks), (name) => engine.inspectNetwork(name, signal)),
    consistency: labels.consistency ?? backups.consistency,
    identity: identityOf(inventory),
    createdAt: isoSeconds(clock.now()),
  });
}

/** Those that the engine knows. */
export async function known<Found>(
  names: readonly string[],
  find: (name: string) => Promise<Found>,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const name of names) {
    try {
      found.push(await find(name));
    } catch (error) {
      if (!isErrorWithCode(error, "engine_not_found")) throw error;
    }
  }
  return found;
}

/** The engine has to look at every file of every volume. */
const sizesMs = 20_000;

/**
 * Resolves to the bytes that are going to be read, where the engine can tell that of all. Rejects with `backup_failed`
 * where they would not fit on the disk: what is compressed already does not get smaller.
 */
export async function requireSpace(
  { engine, vault }: Pick<BackupDependencies, "vault"> & { readonly engine: Pick<Disk, "usage"> },
  plan: BackupPlan,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (partsOf(plan).length === 0) return undefined;
  const usage = await engine.usage(["volume"], deadline(sizesMs, signal)).catch(() => undefined);
  const sizes = new Map((usage?.volumes ?? []).flatMap(({ id, bytes }) => (bytes === null ? [] : [[id, bytes]])));
  signal.throwIfAborted();
  const volumes = plan.volumes.filter(({ part }) => part !== undefined);
  const needed = volumes.reduce((total, { name }) => total + (sizes.get(name) ?? 0), 0);
  const free = await vault.freeBytes();
  if (needed > free) {
    throw new GangwayError(
      "backup_failed",
      `The volumes of ${plan.container} hold ${bytesText(needed)}, and only ${bytesText(free)} are free in the backup ` +
        "directory; make room there, or leave something out by the label gangway.backup.exclude",
    );
  }
  const isTold = volumes.every(({ name }) => sizes.has(name)) && plan.binds.every(({ part }) => part === undefined);
  return isTold && needed > 0 ? needed : undefined;
}
