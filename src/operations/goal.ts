import { nameFrom } from "../core/container.ts";
import { localImageFrom } from "../core/image-identity.ts";
import { canonicalText, familiarText, type ImageReference, parseImageReference } from "../core/image-reference.ts";
import { detailsFrom } from "../core/image-version.ts";
import type { ContainerInspect, ImageInspect, Platform } from "../core/inspect.ts";
import type { SwapCommand } from "../core/journal.ts";
import type { Engine, Registry } from "../core/ports.ts";
import { previousRepositoryFor } from "../core/previous-image.ts";
import { installedDigestOf } from "../core/update-status.ts";
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
  readonly report: Report;
}

/** Finds, and for an update pulls, the image that the command wants for a container. */
export async function goalFor(deps: GoalDependencies, request: GoalRequest, signal: AbortSignal): Promise<Goal> {
  const { inspect, oldImage } = request;
  const container = nameFrom(inspect.Name);
  const parsed = parseImageReference(inspect.Config.Image);
  if (parsed.kind === "invalid") {
    return { kind: "none", message: `"${inspect.Config.Image}", which ${container} was made from, is not an image.` };
  }
  const image = await find[request.command](deps, request, signal);
  if (typeof image === "string") return { kind: "none", message: image };
  const digest = parsed.kind === "reference" ? digestOf(parsed, image, undefined) : undefined;
  const from = installedVersionOf(inspect, oldImage, undefined);
  return { kind: "image", image, digest, from, to: installedVersionOf(inspect, image, undefined) };
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
  { inspect, oldImage, report }: GoalRequest,
  signal: AbortSignal,
): Promise<ImageInspect> {
  const reference = parseImageReference(inspect.Config.Image) as ImageReference;
  const credentials = await registry.credentialsFor(reference.registry);
  const platform = oldImage === undefined ? undefined : platformOf(oldImage);
  report({ phase: "pulling", percent: 0 });
  await engine.pull(
    {
      reference,
      ...(platform === undefined ? {} : { platform }),
      ...(credentials === undefined ? {} : { credentials }),
      onProgress: ({ percent }) => report({ phase: "pulling", percent }),
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

/**
 * The version text of a container with this image. An image can have several digests: `latestDigest`, the tag's, is shown
 * where it is one of them.
 */
export function installedVersionOf(
  { Config, Image }: ContainerInspect,
  image: ImageInspect | undefined,
  latestDigest: string | undefined,
): string {
  const reference = parseImageReference(Config.Image);
  const digest =
    image === undefined || reference.kind !== "reference" ? undefined : digestOf(reference, image, latestDigest);
  const details = image === undefined ? undefined : detailsFrom(image.Config.Labels);
  return versionText(versionLabel(Config.Image, details), digest ?? image?.Id ?? Image);
}

function digestOf(
  reference: ImageReference,
  image: ImageInspect,
  latestDigest: string | undefined,
): string | undefined {
  return installedDigestOf(reference, localImageFrom(image), latestDigest);
}
