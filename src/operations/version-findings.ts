import type { CheckQuestion } from "../core/check-question.ts";
import type { Container } from "../core/container.ts";
import { familiarText } from "../core/image-reference.ts";
import type { Registry } from "../core/ports.ts";
import {
  candidatesFor,
  candidatesLike,
  exactVersion,
  isNewer,
  mostCandidates,
  newerThan,
  versionsAmong,
} from "../core/tag-choice.ts";
import { type TagSettings, type Tracking, trackingFault, trackingFor } from "../core/tag-tracking.ts";
import type { CheckRecord, Finding } from "../core/update-status.ts";
import { compareVersions, type VersionTag, versionTagFrom } from "../core/version-tag.ts";
import { messageOf } from "../lib/errors.ts";
import { linearPatternFrom } from "../lib/linear-pattern.ts";
import type { Clock } from "../lib/time.ts";
import type { Answers } from "./answers.ts";
import { createTagLists, type TagLists } from "./tag-lists.ts";
import { createVersionNames, type VersionNames } from "./version-names.ts";

/** Where version tags are tracked, and what is remembered of them from one check to the next. */
export interface VersionSources {
  /** How the versions of a container's image are told by its tags, if they are. */
  readonly trackingOf: (container: Container) => Tracking | undefined;
  readonly tagLists: TagLists;
  readonly versionNames: VersionNames;
}

export function createVersionSources(
  deps: { readonly registry: Pick<Registry, "tagsOf">; readonly clock: Pick<Clock, "now"> },
  settings: TagSettings,
): VersionSources {
  return {
    trackingOf: (container) => trackingFor(container, settings),
    tagLists: createTagLists(deps),
    versionNames: createVersionNames(),
  };
}

export interface VersionFindingsDependencies extends Pick<VersionSources, "tagLists" | "versionNames"> {
  readonly answers: Pick<Answers, "digestOf" | "findingFor">;
}

type Asking = Extract<CheckQuestion, { readonly kind: "ask" }>;

/** A container whose image's versions are told by its tags. */
export interface TrackedSubject {
  readonly question: Asking;
  readonly tracking: Tracking;
  /** What was known of the same image and reference before. */
  readonly before: CheckRecord | undefined;
  /** There was a verdict for the same image before, be it by another reference. */
  readonly wasCertain: boolean;
}

type Matches = (tag: string) => boolean;

/**
 * What registries say of a container whose version tags are tracked. Where its own tag is a version, a newer one is
 * looked for; an older one never counts. Where it moves by itself, its digest decides as always, and only the name of
 * that version is looked for. What cannot be asked makes the finding an uncertain one. Rejects only where the check is
 * aborted.
 */
export async function versionFindingFor(
  deps: VersionFindingsDependencies,
  subject: TrackedSubject,
  signal: AbortSignal,
): Promise<Finding> {
  const { question, tracking } = subject;
  const pattern = linearPatternFrom(tracking.regex);
  const fault = trackingFault(tracking, pattern);
  if (fault !== undefined || pattern.kind === "refused") return { status: "unknown_image", reason: fault ?? "" };
  const { matches } = pattern;
  const { tag = "" } = question.reference;
  if (!matches(tag) || versionTagFrom(tag) === undefined) return named(deps, subject, matches, signal);
  try {
    const versions = versionsAmong(await deps.tagLists.tagsOf(question.reference, signal), matches);
    const version = exactVersion(tag, matches, versions);
    if (version === undefined) return await named(deps, subject, matches, signal);
    return await (tracking.baseTag === undefined
      ? newest(deps, subject, version, newerThan(version, versions))
      : newestByBase(deps, subject, version, { base: tracking.baseTag, versions }));
  } catch (error) {
    signal.throwIfAborted();
    return uncertain(messageOf(error));
  }
}

function uncertain(reason: string): Finding {
  return { status: "registry_error", reason };
}

/** Offers the first of these newer versions that is still there; none of them: whether the own tag was built anew. */
async function newest(
  { answers }: VersionFindingsDependencies,
  subject: TrackedSubject,
  version: VersionTag,
  newer: readonly VersionTag[],
  otherwise?: string,
): Promise<Finding> {
  const { question, wasCertain } = subject;
  for (const { text } of newer.slice(0, mostCandidates)) {
    const reference = { ...question.reference, tag: text };
    const answer = await answers.digestOf(reference);
    if (answer.kind === "error" && answer.isAbsent) continue;
    if (answer.kind === "error") return uncertain(answer.reason);
    const found = await answers.findingFor({ ...question, reference }, wasCertain);
    // Two names for one image: there is nothing to install.
    if (found.status === "up_to_date") break;
    if (found.status !== "update_available") return found;
    const reason = `${familiarText(reference)} is newer than the container's ${version.text}.`;
    return { ...found, reason, installedVersion: version.text, latestVersion: text, targetTag: text };
  }
  const own = await answers.findingFor(question, wasCertain);
  const isReason = otherwise !== undefined && own.status === "up_to_date";
  return {
    ...own,
    ...(isReason ? { reason: otherwise } : {}),
    installedVersion: version.text,
    latestVersion: version.text,
  };
}

/** The newest version is the one that the base tag stands for, be it newer than the container's or not. */
async function newestByBase(
  deps: VersionFindingsDependencies,
  subject: TrackedSubject,
  version: VersionTag,
  { base, versions }: { readonly base: string; readonly versions: readonly VersionTag[] },
): Promise<Finding> {
  const { answers, versionNames } = deps;
  const { reference } = subject.question;
  const answer = await answers.digestOf({ ...reference, tag: base });
  if (answer.kind === "error") return uncertain(answer.reason);
  const candidates = candidatesLike(version, versions);
  const found = await versionNames.find(answers.digestOf, { reference, digest: answer.digest }, candidates);
  if (found.kind === "error") return uncertain(found.reason);
  if (found.kind === "none") {
    const name = familiarText({ ...reference, tag: base });
    return uncertain(
      `${name} stands for none of the newest versions like ${version.text}: a release may be under way.`,
    );
  }
  if (isNewer(found.version, version)) return newest(deps, subject, version, [found.version]);
  const isOlder = compareVersions(found.version, version) < 0;
  const otherwise = `${base} still is ${found.version.text}, older than the container's ${version.text}: no way back is offered.`;
  return isOlder ? newest(deps, subject, version, [], otherwise) : newest(deps, subject, version, []);
}

/** The finding by digest, with the names that its digests have among the versions. */
async function named(
  deps: VersionFindingsDependencies,
  { question, before, wasCertain }: TrackedSubject,
  matches: Matches,
  signal: AbortSignal,
): Promise<Finding> {
  const found = await deps.answers.findingFor(question, wasCertain);
  const { latestDigest, installedDigest } = found;
  if (latestDigest === undefined) return found;
  const latest =
    keptName(before, latestDigest, matches) ?? (await nameOf(deps, question, latestDigest, matches, signal));
  const installed =
    found.status === "up_to_date"
      ? latest
      : installedDigest === undefined
        ? undefined
        : keptName(before, installedDigest, matches);
  return {
    ...found,
    ...(latest === undefined ? {} : { latestVersion: latest }),
    ...(installed === undefined ? {} : { installedVersion: installed }),
  };
}

/** The name that a digest was given in an earlier check, unless another pattern is asked for now. */
function keptName(before: CheckRecord | undefined, digest: string, matches: Matches): string | undefined {
  const { latestDigest, latestVersion, installedDigest, installedVersion } = before ?? {};
  const names = [
    latestDigest === digest ? latestVersion : undefined,
    installedDigest === digest ? installedVersion : undefined,
  ];
  return names.find((name) => name !== undefined && matches(name));
}

/** A name is for people only: where it cannot be told, nothing is said. */
async function nameOf(
  { answers, tagLists, versionNames }: VersionFindingsDependencies,
  { reference }: Asking,
  digest: string,
  matches: Matches,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const versions = versionsAmong(await tagLists.tagsOf(reference, signal), matches);
    const candidates = candidatesFor(reference.tag ?? "", versions);
    const found = await versionNames.find(answers.digestOf, { reference, digest }, candidates);
    return found.kind === "found" ? found.version.text : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
