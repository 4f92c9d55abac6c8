import type { BackupEntry, BackupJournal } from "../core/backup-journal.ts";
import { nameFrom } from "../core/container.ts";
import { dependantsFor } from "../core/dependants.ts";
import { type Course, courseFor } from "../core/hand-over.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { SwapCommand } from "../core/journal.ts";
import type { Journal } from "../core/ports.ts";
import { imageRefusalFor, recreateRefusalFor } from "../core/recreate.ts";
import type { RestoreJournal } from "../core/restore-journal.ts";
import type { Survey } from "./survey.ts";

export interface RefusalDependencies {
  readonly journal: Pick<Journal, "all">;
  readonly backupJournal: Pick<BackupJournal, "all">;
  readonly restoreJournal: Pick<RestoreJournal, "all">;
  readonly ownContainerId: string | undefined;
  /** Which containers does Gangway reach the engine through? */
  readonly wayToEngine: () => Promise<(inspect: ContainerInspect) => boolean>;
  /** The engine's address, as configured. */
  readonly engineHost: string;
  /** Where Gangway keeps its notes: an absolute path. */
  readonly dataDir: string;
}

/** The containers that one replacement is about. */
export interface Group {
  /** The container itself first, then those that would stop working without it, each after what it depends on. */
  readonly members: readonly ContainerInspect[];
  /** Those to be restarted afterwards. */
  readonly restarts: readonly string[];
}

export type Admission =
  | {
      readonly kind: "admitted";
      readonly group: Group;
      readonly course: Exclude<Course, { readonly kind: "refused" }>;
    }
  /** One sentence that says why, and what to do instead. */
  | { readonly kind: "refused"; readonly message: string };

/** Who has to be replaced together with a container, or why it must not be replaced now. Changes nothing. */
export async function admissionFor(
  deps: RefusalDependencies,
  survey: Survey,
  command: SwapCommand,
): Promise<Admission> {
  const { target, all, names } = survey;
  const name = nameFrom(target.Name);
  const refuse = (message: string): Admission => ({ kind: "refused", message });

  const grouping = dependantsFor(target, all);
  if (grouping.kind === "cycle") {
    return refuse(`${grouping.names.join(" needs ")}: they depend on each other in a circle; recreate them by hand.`);
  }
  const { recreate, restart } = grouping.dependants;
  const dependants = recreate.flatMap((dependant) => all.find(({ Name }) => nameFrom(Name) === dependant) ?? []);
  const members = [target, ...dependants];

  const course = courseFor({
    name,
    members,
    restarts: restart,
    own: all.find(({ Id }) => Id === deps.ownContainerId),
    isWayToEngine: await deps.wayToEngine(),
    engineHost: deps.engineHost,
    dataDir: deps.dataDir,
  });
  if (course.kind === "refused") return course;
  const refusal =
    recreateRefusalFor(target, names) ??
    (command === "update" ? imageRefusalFor(target) : undefined) ??
    dependantRefusal(name, dependants) ??
    (await unfinishedRefusal(deps, members));
  if (refusal !== undefined) return refuse(refusal);
  return { kind: "admitted", group: { members, restarts: restart }, course };
}

function dependantRefusal(name: string, dependants: readonly ContainerInspect[]): string | undefined {
  const reason = dependants.map((dependant) => recreateRefusalFor(dependant)).find((found) => found !== undefined);
  return reason === undefined
    ? undefined
    : `A container that depends on ${name} cannot be recreated with it: ${reason}`;
}

async function unfinishedRefusal(
  { journal, backupJournal, restoreJournal }: RefusalDependencies,
  members: readonly ContainerInspect[],
): Promise<string | undefined> {
  const ids = new Set(members.map(({ Id }) => Id));
  const isOurs = (id: string | undefined): boolean => id !== undefined && ids.has(id);
  const entry = (await journal.all()).find((unfinished) =>
    unfinished.members.some(({ oldId, newId }) => isOurs(oldId) || isOurs(newId)),
  );
  if (entry === undefined) {
    // A new container would never be started in the place of the one that is noted.
    const isHalted = ({ halts }: Pick<BackupEntry, "halts">): boolean => halts.some(({ id }) => isOurs(id));
    const restore = (await restoreJournal.all()).find(({ replaced }) => replaced !== undefined && isHalted(replaced));
    if (restore !== undefined) {
      return `An earlier restore of ${restore.container} is not finished; Gangway puts right what it has stopped first.`;
    }
    const backup = (await backupJournal.all()).find(isHalted);
    return backup === undefined
      ? undefined
      : `An earlier backup of ${backup.container} is not finished; Gangway lets run again what it has stopped first.`;
  }
  if (entry.helper !== undefined) {
    return `A helper container is at work on the ${entry.command} of ${entry.container}; ask again when that has ended.`;
  }
  return `An earlier ${entry.command} of ${entry.container} is not finished; Gangway finishes or undoes it first.`;
}
