import { nameFrom } from "../core/container.ts";
import { localImageFrom } from "../core/image-identity.ts";
import { canonicalText, familiarText, type ImageReference, parseImageReference } from "../core/image-reference.ts";
import { detailsFrom } from "../core/image-version.ts";
import type { ContainerInspect, ImageInspect, Platform } from "../core/inspect.ts";
import type { SwapCommand } from "../core/journal.ts";
import type { Engine, Registry } from "../core/ports.ts";
import { previousReferenceFor, previousRepositoryFor } from "../core/previous-image.ts";
import { installedDigestOf } from "../core/update-status.ts";
import { latestVersionFor, type UpdateTarget } from "../core/update-target.ts";
import { versionLabel, versionText } from "../core/versions.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";
import type { Report } from "./runner.ts";

export interface GoalDependencies {
  readonly engine: Pick<Engine, "inspectImage" | "pull" | "tagsOf">;
  readonly registry: Pick<Registry, "credentialsFor">;
}

/** The image that a container is to have. */
export type Goal =
  | {
      readonly kind: "image";
      readonly image: ImageInspect;
      /** What the container is to be created from. */
      readonly reference: string;
      /** The image's digest at its registry, where it has one. */
      readonly digest: string | undefined;
      /** Version texts of the old image and of this one. */
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: "none"; readonly message: string };

export interface GoalRequest {
  readonly command: SwapCommand;
  readonly inspect: ContainerInspect;
  /** Undefined: the engine has no record of it any more. */
  readonly oldImage: ImageInspect | undefined;
  /** What an update is to install. */
  readonly target: UpdateTarget;
  readonly report: Report;
}

/** Finds, and for an update pulls, the image that the command wants for a container. */
export async function goalFor(deps: GoalDependencies, request: GoalRequest, signal: AbortSignal): Promise<Goal> {
  const { command, inspect, oldImage, target } = request;
  const container = nameFrom(inspect.Name);
  const parsed = parseImageReference(inspect.Config.Image);
  if (parsed.kind === "invalid") {
    return { kind: "none", message: `"${inspect.Config.Image}", which ${container} was made from, is not an image.` };
  }
  const image = await find[request.command](deps, request, signal);
  if (typeof image === "string") return { kind: "none", message: image };
  const latestDigest = command === "update" ? target.check?.latestDigest : undefined;
  const digest = parsed.kind === "reference" ? digestOf(parsed, image, latestDigest) : undefined;
  const reference = referenceFor(request, image);
  const name =
    command === "update" ? latestVersionFor(target, inspect.Config.Image, digest) : otherTag(reference, inspect);
  const from = installedVersionOf(inspect, oldImage, { name: target.check?.installedVersion });
  const to = installedVersionOf(inspect, image, { reference, name, latestDigest });
  return { kind: "image", image, reference, digest, from, to };
}

/** A version that is gone back to has the name of its tag, where that is another one. */
function otherTag(text: string, { Config }: ContainerInspect): string | undefined {
  const reference = text === Config.Image ? undefined : parseImageReference(text);
  return reference?.kind === "reference" ? reference.tag : undefined;
}

function referenceFor({ command, inspect, target }: GoalRequest, image: ImageInspect): string {
  switch (command) {
    case "update":
      return target.reference;
    case "recreate":
      return inspect.Config.Image;
    case "rollback":
      return previousReferenceFor(inspect.Config.Image, image);
    default:
      return command satisfies never;
  }
}

type Find = (deps: GoalDependencies, request: GoalRequest, signal: AbortSignal) => Promise<ImageInspect | string>;

/** The image, or a sentence that says why there is none. */
const find: Readonly<Record<SwapCommand, Find>> = {
  update: pullNewest,
  recreate: (_, { inspect, oldImage }) =>
    Promise.resolve(
      oldImage ??
        `The engine has no record any more of the image that ${nameFrom(inspect.Name)} runs; update it instead.`,
    ),
  rollback: findPrevious,
};

/** Pulls the reference for the platform that the container has now, and makes sure that this is what came. */
async function pullNewest(
  { engine, registry }: GoalDependencies,
  { target, oldImage, report }: GoalRequest,
  signal: AbortSignal,
): Promise<ImageInspect> {
  const reference = parseImageReference(target.reference) as ImageReference;
  const credentials = await registry.credentialsFor(reference.registry);
  const platform = oldImage === undefined ? undefined : platformOf(oldImage);
  report({ phase: "pulling", percent: 0 });
  await engine.pull(
    {
      reference,
      ...(platform === undefined ? {} : { platform }),
      ...(credentials === undefined ? {} : { credentials }),
      onProgress: ({ percent, detail: pull }) => report({ phase: "pulling", percent, pull }),
    },
    signal,
  );
  const image = await engine.inspectImage(canonicalText(reference), signal);
  if (oldImage !== undefined && (image.Os !== oldImage.Os || image.Architecture !== oldImage.Architecture)) {
    throw new GangwayError(
      "pull_failed",
      `${familiarText(reference)} is now for ${image.Os}/${image.Architecture}, the container's image for ` +
        `${oldImage.Os}/${oldImage.Architecture}; nothing was changed`,
    );
  }
  return image;
}

function platformOf({ Os: os, Architecture: architecture, Variant: variant }: ImageInspect): Platform | undefined {
  if (os === "" || architecture === "") return undefined;
  return { os, architecture, ...(variant === undefined || variant === "" ? {} : { variant }) };
}

/** The newest image that was kept of this container and is not the one that it runs. */
async function findPrevious(
  { engine }: GoalDependencies,
  { inspect }: GoalRequest,
  signal: AbortSignal,
): Promise<ImageInspect | string> {
  const container = nameFrom(inspect.Name);
  const repository = previousRepositoryFor(container);
  const tags = (await engine.tagsOf(repository, signal)).map(({ tag }) => tag ?? "").sort();
  for (const tag of tags.reverse()) {
    try {
      const image = await engine.inspectImage(`${repository}:${tag}`, signal);
      if (image.Id !== inspect.Image) return image;
    } catch (error) {
      if (!isErrorWithCode(error, "engine_not_found")) throw error;
    }
  }
  return `There is no earlier image of ${container} to go back to: Gangway keeps one from its first update on.`;
}

/** What else is known of a version. */
export interface VersionFacts {
  /** What the container is created from then, where that is another reference. */
  readonly reference?: string | undefined;
  /** The name that its tags give it. */
  readonly name?: string | undefined;
  /** The tag's digest: shown where the image, which can have several, has it. */
  readonly latestDigest?: string | undefined;
}

/** The version text of a container with this image. */
export function installedVersionOf(
  { Config, Image }: ContainerInspect,
  image: ImageInspect | undefined,
  { reference: text = Config.Image, name, latestDigest }: VersionFacts,
): string {
  const reference = parseImageReference(text);
  const digest =
    image === undefined || reference.kind !== "reference" ? undefined : digestOf(reference, image, latestDigest);
  const details = image === undefined ? undefined : detailsFrom(image.Config.Labels);
  return versionText(name ?? versionLabel(text, details), digest ?? image?.Id ?? Image);
}

function digestOf(
  reference: ImageReference,
  image: ImageInspect,
  latestDigest: string | undefined,
): string | undefined {
  return installedDigestOf(reference, localImageFrom(image), latestDigest);
}
