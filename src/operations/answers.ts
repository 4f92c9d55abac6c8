import {
  type CheckQuestion,
  findingFrom,
  isHere,
  type Pinned,
  pinnedFinding,
  type RemoteAnswer,
} from "../core/check-question.ts";
import { digestsOf, type LocalImage, type RemoteImage } from "../core/image-identity.ts";
import { canonicalText, type ImageReference, repositoryOf } from "../core/image-reference.ts";
import { mergedDetails } from "../core/image-version.ts";
import { platformText } from "../core/platform.ts";
import type { Registry, RemoteImages } from "../core/ports.ts";
import { type Finding, installedDigestOf } from "../core/update-status.ts";
import { isErrorWithCode, messageOf } from "../lib/errors.ts";
import type { LocalImages } from "./local-images.ts";
import { createResolver, type Resolved } from "./remote-images.ts";
import type { KnownImage } from "./remote-reads.ts";

export interface AnswersDependencies {
  /** Asked everything at once: it has its own way of taking turns. */
  readonly registry: Pick<Registry, "digestOf" | "manifestAt" | "configAt">;
  /** What earlier checks have learnt. */
  readonly remoteImages: RemoteImages;
  readonly locals: Pick<LocalImages, "tagged">;
}

type Asking = Extract<CheckQuestion, { readonly kind: "ask" }>;

/** What registries say in one check: the same is asked once, whoever wants to know it. */
export interface Answers {
  /** `wasCertain`: there was a verdict for the same image before. Rejects only where the check is aborted. */
  readonly findingFor: (question: Asking, wasCertain: boolean) => Promise<Finding>;
  /** Says, by one HEAD, whether the tag still is what the container is pinned to. Rejects only where the check is aborted. */
  readonly pinnedFindingFor: (question: Pinned) => Promise<Finding>;
  /** By one HEAD for each tag. Rejects only where the check is aborted. */
  readonly digestOf: (reference: ImageReference) => Promise<TagAnswer>;
  /** The digests that tags have now. */
  readonly digests: () => Promise<readonly string[]>;
  /** The repositories of tags that could not be asked about. */
  readonly unanswered: () => Promise<readonly string[]>;
}

type Failure = Extract<RemoteAnswer, { readonly kind: "error" }>;
/** The digest that a tag has now, or why it cannot be told. */
export type TagAnswer = { readonly kind: "digest"; readonly digest: string } | Failure;

export function createAnswers(deps: AnswersDependencies, signal: AbortSignal): Answers {
  const { registry, remoteImages, locals } = deps;
  const resolve = createResolver(deps);
  const failed = (error: unknown): Failure => {
    if (signal.aborted) throw error;
    const isAbsent = isErrorWithCode(error, "registry_not_found", "registry_denied");
    return { kind: "error", reason: messageOf(error), isAbsent };
  };
  const tags = new Map<string, { readonly repository: string; readonly tag: Promise<TagAnswer> }>();

  const ask = async (reference: ImageReference): Promise<TagAnswer> => {
    try {
      return { kind: "digest", digest: await registry.digestOf(reference, signal) };
    } catch (error) {
      return failed(error);
    }
  };
  const tagOf = (reference: ImageReference): Promise<TagAnswer> => {
    const name = canonicalText(reference);
    const known = tags.get(name) ?? { repository: repositoryOf(reference), tag: ask(reference) };
    tags.set(name, known);
    return known.tag;
  };
  const resolved = async (
    reference: ImageReference,
    digest: string,
    local: LocalImage,
  ): Promise<Resolved | Failure> => {
    if (digestsOf(local).includes(digest)) return { comparison: { kind: "same", by: "digest" }, image: undefined };
    const { platform } = local;
    if (platform === undefined) return { comparison: { kind: "incomparable" }, image: undefined };
    try {
      return await resolve({ reference, digest, local, platform }, signal);
    } catch (error) {
      // The registry has the tag: that it does not show what it stands for is another trouble.
      return { ...failed(error), isAbsent: false };
    }
  };
  const pinnedFindingFor = async (question: Pinned): Promise<Finding> => {
    const tag = await tagOf(question.reference);
    return pinnedFinding(question, tag.kind === "digest" ? tag.digest : undefined);
  };
  const findingFor = async (asked: Asking, wasCertain: boolean): Promise<Finding> => {
    const learnt = learntOf(remoteImages, asked.local);
    const question = { ...asked, local: { ...asked.local, ...manifestFrom(learnt, asked.local) } };
    const { reference, local } = question;
    const known = knownOf(local, learnt);
    const tag = await tagOf(reference);
    if (tag.kind === "error") return { ...findingFrom(question, tag, wasCertain), ...known };
    const { digest } = tag;
    const found = await resolved(reference, digest, local);
    if ("kind" in found) return { ...findingFrom(question, found, wasCertain), ...known };
    const { comparison, image } = found;
    const isPulled =
      comparison.kind === "different" &&
      isHere(await locals.tagged(canonicalText(reference)), local, digest, configOf(image));
    const answer: RemoteAnswer = { kind: "compared", digest, comparison, isHere: isPulled };
    const installedDigest = installedDigestOf(reference, local, digest);
    return {
      ...findingFrom(question, answer, wasCertain),
      ...known,
      ...(installedDigest === undefined ? {} : { installedDigest }),
      ...(comparison.kind === "different" ? latestFrom(image) : {}),
    };
  };
  const settled = async (): Promise<readonly { readonly repository: string; readonly tag: TagAnswer }[]> =>
    Promise.all([...tags.values()].map(async ({ repository, tag }) => ({ repository, tag: await tag })));
  return {
    findingFor,
    pinnedFindingFor,
    digestOf: tagOf,
    digests: async () => (await settled()).flatMap(({ tag }) => (tag.kind === "digest" ? [tag.digest] : [])),
    unanswered: async () =>
      (await settled()).flatMap(({ repository, tag }) => (tag.kind === "error" ? [repository] : [])),
  };
}

function configOf(image: RemoteImage | undefined): string | undefined {
  return image?.kind === "image" ? image.config : undefined;
}

function latestFrom(image: RemoteImage | undefined): Pick<Finding, "latestImage" | "latest"> {
  return image?.kind === "image" ? { latestImage: image.manifest, latest: image.details } : {};
}

/** What was learnt of the container's own image when it was a registry's news. */
function learntOf(remoteImages: RemoteImages, local: LocalImage): KnownImage | undefined {
  if (local.platform === undefined) return undefined;
  const text = platformText(local.platform);
  const learnt = digestsOf(local).map((digest) => remoteImages.get(digest, text));
  return learnt.find((image) => image?.kind === "image");
}

/** Engines that do not tell the manifest run what the index had for their platform. */
function manifestFrom(learnt: KnownImage | undefined, local: LocalImage): Pick<LocalImage, "manifest"> {
  const isToBeTold = local.isDigestId === true && local.manifest === undefined && learnt !== undefined;
  return isToBeTold ? { manifest: learnt.manifest } : {};
}

function knownOf(
  { platform, details }: LocalImage,
  learnt: KnownImage | undefined,
): Pick<Finding, "installed" | "platform"> {
  const installed = mergedDetails(details, learnt?.details);
  return { installed, ...(platform === undefined ? {} : { platform: platformText(platform) }) };
}
