import type { BackedUpVolume, BackupPlan } from "./backup.ts";
import { type BackupLabels, backupLabelsFrom } from "./backup-labels.ts";
import { sourcesOf } from "./backup-plan.ts";
import type { ContainerInspect } from "./inspect.ts";
import type { RestorePlan } from "./restore.ts";
import { volumesOf } from "./restore-in-place.ts";
import type { VolumeInspect } from "./storage.ts";

/**
 * What goes into the backup of a container that a restore takes the place of: the volumes that are removed, whatever a
 * label says, and the others that nobody else has. A directory of the host is not touched, nor is what others may be
 * writing to.
 */
export function safetySourcesFor(
  target: ContainerInspect,
  all: readonly ContainerInspect[],
  removed: readonly string[],
): { readonly labels: BackupLabels; readonly shared: readonly string[] } {
  const labels: BackupLabels = { ...backupLabelsFrom(target.Config.Labels ?? {}), binds: [] };
  const own = volumesOf(target);
  const others = new Set(all.filter(({ Id }) => Id !== target.Id).flatMap(volumesOf));
  const asked = new Set(sourcesOf(target, labels).volumes);
  return {
    labels: { ...labels, exclude: own.filter((name) => !asked.has(name) && !removed.includes(name)) },
    shared: own.filter((name) => others.has(name)),
  };
}

/** Where there is no container, but only volumes: a backup of these, with the container that is going to have them. */
export interface OrphansSubject {
  /** What is going to be restored. */
  readonly backup: BackupPlan;
  readonly file: string;
  readonly plan: RestorePlan;
  /** The volumes that are there, and are removed. */
  readonly inspected: readonly VolumeInspect[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly node: string;
  /** Gangway's release. */
  readonly gangway: string;
  readonly engine: BackupPlan["engine"];
}

/** The plan of a backup of volumes that no container has, with the definition of the backup that is restored. */
export function planOfOrphans(subject: OrphansSubject): BackupPlan {
  const { backup, file, plan, inspected, createdAt, node, gangway, engine } = subject;
  const { version, apiVersion, hostName } = engine;
  return {
    ...backup,
    ...{ createdAt, node, gangway, container: plan.container, engine: { version, apiVersion, hostName } },
    ...{ consistency: "stop", halted: [], state: "stopped", create: plan.create },
    volumes: orphansOf({ plan, inspected }, []),
    binds: backup.binds.map(({ source, destinations }) => ({ source, destinations })),
    warnings: [`There was no container ${plan.container}: its definition is that of ${file}.`],
  };
}

/**
 * The plan of a backup of the container that is there, with the volumes too that are removed though it does not have
 * them: no other copy of their data would be left.
 */
export function withOrphans(planned: BackupPlan, subject: Pick<OrphansSubject, "plan" | "inspected">): BackupPlan {
  return { ...planned, volumes: [...planned.volumes, ...orphansOf(subject, planned.volumes)] };
}

/** The volumes that are removed and are not among `planned`; their parts come after those of `planned`. */
function orphansOf(
  { plan, inspected }: Pick<OrphansSubject, "plan" | "inspected">,
  planned: readonly BackedUpVolume[],
): readonly BackedUpVolume[] {
  const { volumes: removed = [] } = plan.replaces ?? {};
  const known = new Set(planned.map(({ name }) => name));
  const parts = planned.filter(({ part }) => part !== undefined).length;
  const there = plan.volumes.filter(({ newName }) => removed.includes(newName) && !known.has(newName));
  return there.map(({ newName: name, destinations }, index) => {
    const found = inspected.find(({ Name }) => Name === name);
    return {
      ...{ name, destinations, anonymous: false, part: `volumes/v${parts + index}.tar` },
      ...{ driver: found?.Driver ?? "local", options: found?.Options ?? {}, labels: found?.Labels ?? {} },
    };
  });
}

/** The volumes that are removed and whose data `safety` does not have: where there is one, nothing may be removed. */
export function withoutCopy(removed: readonly string[], safety: Pick<BackupPlan, "volumes">): readonly string[] {
  const kept = new Set(safety.volumes.flatMap(({ name, part }) => (part === undefined ? [] : [name])));
  return removed.filter((name) => !kept.has(name));
}
