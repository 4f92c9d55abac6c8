import { matchesGlob } from "node:path";
import { isImage } from "../auto-update.ts";
import { nameFrom } from "../container.ts";
import type { CacheRecord, StoredImage, StoredNetwork, StoredVolume } from "../disk.ts";
import { familiarText, parseImageReference } from "../image-reference.ts";
import type { ContainerInspect } from "../inspect.ts";
import { keepRepository } from "../journal.ts";
import { booleanFrom } from "../labels.ts";
import { predefinedNetworks } from "../network-file.ts";
import type { Needs } from "./needs.ts";
import type { PruneItem, PruneWish } from "./prune.ts";

/** What decides besides the things themselves. */
export interface PruneRules {
  readonly wish: Omit<PruneWish, "what">;
  readonly needs: Needs;
  /** Names of images, containers, volumes and networks that stay; patterns too. */
  readonly keep: readonly string[];
  readonly ownContainerId: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Something that may go. */
interface Thing {
  readonly name: string;
  readonly labels: Labels;
  /** Since when nobody has used it, as far as that can be told: milliseconds since 1970. */
  readonly unusedSinceMs: number | undefined;
  /** When it was made, where it was never used since. */
  readonly madeMs?: number | undefined;
  readonly isKeptBy: (pattern: string) => boolean;
}

type Labels = Readonly<Record<string, string>>;

/** Whoever makes something is about to use it: `docker compose up` makes networks and volumes before containers. */
const momentMs = 5 * 60_000;
const pruneLabel = "gangway.prune";
const anonymousLabel = "com.docker.volume.anonymous";

/** The images: those without a tag, with `all` all of them. */
export function imagesToPrune(
  images: readonly (StoredImage & { readonly taggedMs?: number; readonly bytes: number | null })[],
  rules: PruneRules,
): readonly PruneItem[] {
  const { needs, wish } = rules;
  return images
    .filter(({ tags }) => wish.all === true || tags.length === 0)
    .map((image) => {
      const { id, tags, labels, bytes, createdMs, taggedMs = 0 } = image;
      const name = imageName(image);
      const item = { id, name, tags, bytes };
      const users = needs.usersOfImage(id);
      if (users !== undefined) return inUse(item, users);
      const held = tags.find((tag) => tag.startsWith(`${keepRepository}:`));
      const need =
        needs.operationWithImage(id) ??
        (held === undefined ? undefined : `an operation holds it as ${held}`) ??
        tags.map(needs.ownerOfTag).find((owner) => owner !== undefined);
      const since = Math.max(createdMs, taggedMs);
      const thing = {
        ...{ name, labels, unusedSinceMs: since, madeMs: since },
        isKeptBy: (pattern: string) => [...tags, ...image.digests].some((text) => isImage(text, pattern)),
      };
      return judged(item, need ?? objectionTo(thing, rules), "no container uses it");
    });
}

/** `nginx:1.27`, or `nginx 0a1b2c3d4e5f` without a tag. */
function imageName({ id, tags, digests }: StoredImage): string {
  if (tags.length > 0) return tags.join(", ");
  const short = id.replace(/^sha256:/, "").slice(0, 12);
  const reference = parseImageReference(digests[0] ?? "");
  if (reference.kind !== "reference") return short;
  return `${familiarText({ kind: "reference", registry: reference.registry, repository: reference.repository })} ${short}`;
}

/** The containers that do not run. */
export function containersToPrune(
  containers: readonly (ContainerInspect & { readonly bytes: number | null })[],
  rules: PruneRules,
): readonly PruneItem[] {
  const { needs, ownContainerId } = rules;
  return containers
    .filter(({ State }) => State.Status === "exited" || State.Status === "dead" || State.Status === "created")
    .map((inspect) => {
      const name = nameFrom(inspect.Name);
      const labels = inspect.Config.Labels ?? {};
      const isFresh = inspect.State.Status === "created";
      const madeMs = timeFrom(inspect.Created);
      const thing = {
        ...{ name, labels, isKeptBy: namedBy(name), unusedSinceMs: timeFrom(inspect.State.FinishedAt) ?? madeMs },
        ...(isFresh ? { madeMs } : {}),
      };
      const need =
        needs.operationWithContainer(inspect) ??
        (inspect.Id === ownContainerId ? "it is Gangway itself" : undefined) ??
        ownProjectText(needs, labels) ??
        needs.dependantsOfContainer(inspect);
      const item = { id: inspect.Id, name, bytes: inspect.bytes };
      return judged(item, need ?? objectionTo(thing, rules), isFresh ? "it was never started" : "it does not run");
    });
}

/** The volumes: those that were made for a container without a name, with `all` all of them. */
export function volumesToPrune(
  volumes: readonly (StoredVolume & { readonly bytes: number | null })[],
  rules: PruneRules,
): readonly PruneItem[] {
  const { needs, wish } = rules;
  return volumes
    .filter((volume) => wish.all === true || isAnonymous(volume))
    .map(({ name, labels, bytes, createdMs }) => {
      const item = { id: name, name, bytes };
      const users = needs.usersOfVolume(name);
      if (users !== undefined) return inUse(item, users);
      const need = needs.operationWithVolume(name) ?? projectText(needs, labels);
      const thing = { name, labels, unusedSinceMs: createdMs, madeMs: createdMs, isKeptBy: namedBy(name) };
      return judged(item, need ?? objectionTo(thing, rules), "no container uses it");
    });
}

/** Engines before 23.0 set no label; nobody makes up such a name. */
function isAnonymous({ name, labels }: StoredVolume): boolean {
  return Object.hasOwn(labels, anonymousLabel) || /^[0-9a-f]{64}$/.test(name);
}

/** The networks, but for those of the engine and of a swarm. */
export function networksToPrune(networks: readonly StoredNetwork[], rules: PruneRules): readonly PruneItem[] {
  const { needs } = rules;
  return networks
    .filter(({ name, scope, isInternal }) => !predefinedNetworks.includes(name) && scope !== "swarm" && !isInternal)
    .map((network) => {
      const { id, name, labels, createdMs } = network;
      const item = { id, name, bytes: null };
      const users = needs.usersOfNetwork(network);
      if (users !== undefined) return inUse(item, users);
      const need = needs.operationWithNetwork(network) ?? projectText(needs, labels);
      const thing = { name, labels, unusedSinceMs: createdMs, madeMs: createdMs, isKeptBy: namedBy(name) };
      return judged(item, need ?? objectionTo(thing, rules), "no container uses it");
    });
}

/** The records of the build cache that BuildKit would remove by itself, for they go in one call. */
export function cacheToPrune(
  records: readonly CacheRecord[],
  { wish, now }: Pick<PruneRules, "wish" | "now">,
): readonly PruneItem[] {
  return records
    .filter(({ isShared, type }) => wish.all === true || !(isShared || type === "internal" || type === "frontend"))
    .map(({ id, description, bytes, isUsed, lastUsedMs }) => {
      const item = { id, name: description === "" ? id : description, bytes };
      if (isUsed) return inUse(item, "a build uses it");
      return judged(item, ageObjection(wish.olderThanMs, lastUsedMs, now), "no build uses it");
    });
}

/** Why a thing that nobody needs stays all the same. */
function objectionTo(thing: Thing, { wish, keep, now }: PruneRules): string | undefined {
  if (booleanFrom(thing.labels[pruneLabel]) === false) return `its label ${pruneLabel} says so`;
  const pattern = keep.find(thing.isKeptBy);
  if (pattern !== undefined) return `prune.keep has ${pattern}`;
  if (thing.madeMs !== undefined && now - thing.madeMs < momentMs) {
    return "it was made within the last five minutes, and may be about to be used";
  }
  return ageObjection(wish.olderThanMs, thing.unusedSinceMs, now);
}

function ageObjection(olderThanMs: number | undefined, sinceMs: number | undefined, now: number): string | undefined {
  if (olderThanMs === undefined) return undefined;
  if (sinceMs === undefined) return "its age is not known";
  return now - sinceMs < olderThanMs ? "it is not old enough" : undefined;
}

function projectText(needs: Needs, labels: Labels): string | undefined {
  const project = needs.projectOf(labels);
  return project === undefined ? undefined : `it is of the compose project ${project}, which has containers`;
}

function ownProjectText(needs: Needs, labels: Labels): string | undefined {
  return needs.isOwnProject(labels) ? "it is of the same compose project as Gangway" : undefined;
}

function namedBy(name: string): (pattern: string) => boolean {
  return (pattern) => pattern === name || matchesGlob(name, pattern);
}

type Item = Omit<PruneItem, "verdict" | "reason">;

function inUse(item: Item, reason: string): PruneItem {
  return { ...item, verdict: "in_use", reason };
}

function judged(item: Item, objection: string | undefined, reason: string): PruneItem {
  return objection === undefined
    ? { ...item, verdict: "remove", reason }
    : { ...item, verdict: "keep", reason: objection };
}

/** The engine's year 1 means never. */
function timeFrom(engineTime: string): number | undefined {
  const ms = Date.parse(engineTime);
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
}
