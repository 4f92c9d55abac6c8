import type { BackupEntry } from "../backup-journal.ts";
import { isTransientName, nameFrom } from "../container.ts";
import { canonicalText, parseImageReference } from "../image-reference.ts";
import type { ContainerInspect } from "../inspect.ts";
import type { JournalEntry } from "../journal.ts";
import { successorsOf } from "../lost-parents.ts";
import { previousRepositoryFor } from "../previous-image.ts";
import { dependantsOf } from "../recreate.ts";
import { imagesOfRestores, type RestoreEntry } from "../restore-journal.ts";

/** Who may need something: all containers, stopped ones too, and what is under way. */
export interface NeedSubject {
  readonly containers: readonly ContainerInspect[];
  readonly journal: readonly JournalEntry[];
  readonly backups: readonly BackupEntry[];
  readonly restores: readonly RestoreEntry[];
  readonly ownContainerId: string | undefined;
}

/** What is needed, and by whom: each answer is half a sentence. Undefined: by nobody. */
export interface Needs {
  /** The containers that run an image. */
  readonly usersOfImage: (id: string) => string | undefined;
  readonly usersOfVolume: (name: string) => string | undefined;
  readonly usersOfNetwork: (network: { readonly id: string; readonly name: string }) => string | undefined;
  /** An operation that has not ended, with what it goes to and what it may have to go back to. */
  readonly operationWithImage: (id: string) => string | undefined;
  readonly operationWithVolume: (name: string) => string | undefined;
  readonly operationWithNetwork: (network: { readonly id: string; readonly name: string }) => string | undefined;
  readonly operationWithContainer: (inspect: ContainerInspect) => string | undefined;
  /** The container that is made from this tag when it is made anew, or rolled back to it. */
  readonly ownerOfTag: (tag: string) => string | undefined;
  readonly dependantsOfContainer: (inspect: ContainerInspect) => string | undefined;
  /** The compose project of these labels, where it has containers. */
  readonly projectOf: (labels: Labels) => string | undefined;
  /** Does something with these labels belong to Gangway's own compose project? */
  readonly isOwnProject: (labels: Labels) => boolean;
}

type Labels = Readonly<Record<string, string>>;

const projectLabel = "com.docker.compose.project";
const operation = "an operation that has not ended needs it";

export function needsOf({ containers, journal, backups, restores, ownContainerId }: NeedSubject): Needs {
  const involved = journal.flatMap(({ members }) => members);
  const noted = involved.map(({ inspect }) => inspect);
  // Those that a backup has stopped are to run again.
  const halted = backups.flatMap(({ halts }) => halts.map(({ id }) => id));
  // What a restore takes the place of may have to come back.
  const replaced = restores.flatMap((restore) => restore.replaced ?? []);
  const notedIds = new Set([
    ...involved.flatMap(({ oldId, newId }) => [oldId, newId ?? oldId]),
    ...halted,
    ...replaced.flatMap(({ oldId }) => oldId ?? []),
  ]);
  const helpers = new Set(journal.flatMap(({ helper }) => (helper === undefined ? [] : [helper.container])));
  const notedImages = new Set([
    ...involved.flatMap(({ inspect, newImageId }) => [inspect.Image, newImageId]),
    ...journal.flatMap(({ retags }) => retags.flatMap(({ imageId }) => imageId ?? [])),
    ...imagesOfRestores(restores),
  ]);
  const madeVolumes = new Set(restores.flatMap(({ volumes }) => volumes));
  const madeNetworks = new Set(restores.flatMap(({ networks }) => networks));
  const successors = successorsOf(containers);
  const projects = new Set(containers.flatMap(({ Config }) => Config.Labels?.[projectLabel] ?? []));
  const own = containers.find(({ Id }) => Id === ownContainerId)?.Config.Labels?.[projectLabel];
  const tagOwners = ownersOfTags(containers);
  const sayWhere = (isSo: boolean): string | undefined => (isSo ? operation : undefined);
  return {
    usersOfImage: (id) => usersText(containers.filter(({ Image }) => Image === id)),
    usersOfVolume: (name) => usersText(containers.filter(hasVolume(name))),
    usersOfNetwork: (network) => usersText(containers.filter(hasNetwork(network))),
    operationWithImage: (id) => sayWhere(notedImages.has(id)),
    operationWithVolume: (name) => sayWhere(noted.some(hasVolume(name)) || madeVolumes.has(name)),
    operationWithNetwork: (network) => sayWhere(noted.some(hasNetwork(network)) || madeNetworks.has(network.name)),
    operationWithContainer: ({ Id, Name }) =>
      sayWhere(notedIds.has(Id) || helpers.has(nameFrom(Name)) || isTransientName(nameFrom(Name))),
    ownerOfTag: tagOwners,
    dependantsOfContainer: (inspect) => {
      const names = dependantsOf(inspect, containers, successors).filter((name) => name !== nameFrom(inspect.Name));
      return names.length === 0 ? undefined : `${listText(names)} cannot start without it`;
    },
    projectOf: ({ [projectLabel]: project }) => (project !== undefined && projects.has(project) ? project : undefined),
    isOwnProject: ({ [projectLabel]: project }) => project !== undefined && project === own,
  };
}

function ownersOfTags(containers: readonly ContainerInspect[]): (tag: string) => string | undefined {
  const made = new Map<string, string>();
  const kept = new Map<string, string>();
  for (const { Name, Config } of containers) {
    const reference = parseImageReference(Config.Image);
    if (reference.kind === "reference") made.set(canonicalText(reference), nameFrom(Name));
    kept.set(previousRepositoryFor(nameFrom(Name)), nameFrom(Name));
  }
  return (tag) => {
    const reference = parseImageReference(tag);
    const maker = reference.kind === "reference" ? made.get(canonicalText(reference)) : undefined;
    if (maker !== undefined) return `${maker} is made from ${tag} when it is made anew`;
    const keeper = kept.get(tag.slice(0, tag.lastIndexOf(":")));
    return keeper === undefined ? undefined : `${keeper} can be rolled back to it`;
  };
}

/** Those that were created but never started, too. */
function hasVolume(name: string): (inspect: ContainerInspect) => boolean {
  return ({ Mounts }) => Mounts.some((mount) => mount.Type === "volume" && mount.Name === name);
}

/** Of a container that does not run only its own settings tell: the engine would remove the network under it. */
function hasNetwork({
  id,
  name,
}: {
  readonly id: string;
  readonly name: string;
}): (inspect: ContainerInspect) => boolean {
  return ({ NetworkSettings, HostConfig }) =>
    HostConfig.NetworkMode === name ||
    HostConfig.NetworkMode === id ||
    Object.entries(NetworkSettings.Networks).some(([key, { NetworkID }]) => key === name || NetworkID === id);
}

function usersText(users: readonly ContainerInspect[]): string | undefined {
  if (users.length === 0) return undefined;
  const names = users.map(({ Name }) => nameFrom(Name));
  return `${listText(names)} ${names.length === 1 ? "uses" : "use"} it`;
}

const shownNames = 3;

/** `a, b, c and 2 more` */
export function listText(names: readonly string[]): string {
  const rest = names.length - shownNames;
  if (rest > 0) return `${names.slice(0, shownNames).join(", ")} and ${rest} more`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
