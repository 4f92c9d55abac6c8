import type { BackupPlan } from "../core/backup.ts";
import { planBackup } from "../core/backup-plan.ts";
import { isoSeconds, nameFrom } from "../core/container.ts";
import { successorsOf } from "../core/lost-parents.ts";
import type { RestorePlan } from "../core/restore.ts";
import { volumesOf } from "../core/restore-in-place.ts";
import { planOfOrphans, safetySourcesFor, withOrphans, withoutCopy } from "../core/safety-backup.ts";
import { GangwayError } from "../lib/errors.ts";
import type { BackupDependencies } from "./backup.ts";
import { backupsSeenIn, isNeededOf, known, type Preparation } from "./backup-preparation.ts";
import { identityOf, imageIfThere } from "./images.ts";
import type { RestoreSurvey } from "./survey-restore.ts";

/** What is going to be restored, and in whose place. */
export interface SafetySubject extends Pick<RestoreSurvey, "all" | "inspected"> {
  readonly backup: BackupPlan;
  readonly file: string;
  readonly plan: RestorePlan;
  /** An image that is here. */
  readonly imageId: string;
}

/**
 * Finds out what goes into the backup that is made before a restore removes anything: the container that is there as it
 * is now, or the volumes alone. Nobody is halted for it: the restore has stopped the container itself. Changes nothing.
 */
export async function prepareSafety(
  deps: BackupDependencies,
  subject: SafetySubject,
  signal: AbortSignal,
): Promise<Preparation> {
  const plan = await planFor(deps, subject, signal);
  const lacking = withoutCopy(subject.plan.replaces?.volumes ?? [], plan);
  if (lacking.length > 0) {
    const message = `There would be no copy of what is in ${lacking.join(", ")} now: restore with new names for the volumes`;
    throw new GangwayError("backup_failed", message);
  }
  const volumes = plan.volumes.flatMap(({ part, name }) => (part === undefined ? [] : [name]));
  const image = await imageIfThere(deps.engine, plan.image.id, signal);
  if (image === undefined) {
    // Nothing could be brought back from it.
    const message = `The engine has no record any more of the image that ${plan.container} runs: recreate it first`;
    throw new GangwayError("backup_failed", message);
  }
  return {
    kind: "prepared",
    plan,
    image,
    halts: [],
    sources: { consistency: "stop", volumes, binds: [], isNeeded: await isNeededOf(deps) },
  };
}

async function planFor(deps: BackupDependencies, subject: SafetySubject, signal: AbortSignal): Promise<BackupPlan> {
  const { engine, inventory, node, version: gangway, clock } = deps;
  const { backup, file, plan, all, inspected, imageId } = subject;
  const { target, volumes: removed = [] } = plan.replaces ?? {};
  const identity = identityOf(inventory);
  const createdAt = isoSeconds(clock.now());
  if (target === undefined) {
    const made = planOfOrphans({ ...{ backup, file, plan, inspected, createdAt, node, gangway }, engine: identity });
    return { ...made, image: { ...made.image, id: imageId } };
  }
  const names = new Map([...all.map(({ Id, Name }) => [Id, nameFrom(Name)] as const), ...successorsOf(all)]);
  const { labels, shared } = safetySourcesFor(target, all, removed);
  const planned = planBackup({
    ...{ inspect: target, names, labels, shared, identity, createdAt, node, gangway, consistency: "stop" },
    image: await imageIfThere(engine, target.Image, signal),
    backupsAt: backupsSeenIn(deps, { target, all }),
    volumes: await known(volumesOf(target), (name) => engine.inspectVolume(name, signal)),
    networks: await known(Object.keys(target.NetworkSettings.Networks), (name) => engine.inspectNetwork(name, signal)),
  });
  return { ...withOrphans(planned, { plan, inspected }), halted: target.State.Running ? [plan.container] : [] };
}
