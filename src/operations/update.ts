import { canonicalText, familiarText, type ImageReference, parseImageReference } from "../core/image-reference.ts";
import type { ContainerInspect, ImageInspect } from "../core/inspect.ts";
import { type JournalEntry, keepRepository } from "../core/journal.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Inventory, Registry } from "../core/ports.ts";
import { planRecreate } from "../core/recreate.ts";
import { installedDigestOf } from "../core/update-status.ts";
import { versionLabel, versionText } from "../core/versions.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";
import { refusalOf } from "./refusal.ts";
import { type ReplaceDependencies, replaceContainer } from "./replace.ts";
import type { Order } from "./runner.ts";

export interface UpdateDependencies extends ReplaceDependencies {
  readonly engine: ReplaceDependencies["engine"] & Pick<Engine, "list" | "inspectImage" | "pull" | "tag" | "tagsOf">;
  readonly registry: Pick<Registry, "credentialsFor">;
  readonly inventory: Inventory;
  readonly node: string;
  readonly ownContainerId: string | undefined;
}

/**
 * Installs what the container's tag stands for now. Everything that can fail without touching the container comes first:
 * the refusals, the pull, the plan. Then the container is replaced, and whatever goes wrong from there brings back the
 * very same old one.
 */
export async function updateContainer(
  deps: UpdateDependencies,
  command: Extract<Command, { readonly kind: "update" }>,
  order: Order,
  signal: AbortSignal,
): Promise<Outcome> {
  const { engine } = deps;
  const inspect = await engine.inspect(command.container, signal);
  const refusal = await refusalOf(deps, inspect, signal);
  if (refusal !== undefined) return { state: "rejected", message: refusal };
  const reference = parseImageReference(inspect.Config.Image);
  if (reference.kind !== "reference") {
    return { state: "rejected", message: `"${inspect.Config.Image}" is not an image that can be pulled.` };
  }
  const oldImage = await imageIfThere(engine, inspect.Image, signal);
  await using keep = new AsyncDisposableStack();
  // Until the journal has taken over, nobody else would give the old image free again.
  if (oldImage !== undefined) keep.use(await holdImage(engine, inspect.Image, order.operation, signal));

  order.report({ phase: "pulling", percent: 0 });
  const newImage = await pullNewer(deps, reference, oldImage, order, signal);
  const from = versionOf(inspect, reference, oldImage);
  const to = versionOf(inspect, reference, newImage);
  const newDigest = digestOf(reference, newImage);
  if (newImage.Id === inspect.Image) {
    return {
      state: "unchanged",
      message: `${command.container} runs the newest ${familiarText(reference)} already.`,
      from,
      to,
    };
  }

  order.report({ phase: "creating" });
  const entry = await entryFor(deps, { inspect, oldImage, newImage, newDigest, order, from, to }, signal);
  keep.move();
  return await replaceContainer(deps, entry, order.report, signal);
}

/** Pulls the reference with the platform that the container has now, and makes sure that this is what came. */
async function pullNewer(
  { engine, registry }: UpdateDependencies,
  reference: ImageReference,
  oldImage: ImageInspect | undefined,
  order: Order,
  signal: AbortSignal,
): Promise<ImageInspect> {
  const credentials = await registry.credentialsFor(reference.registry);
  await engine.pull(
    {
      reference,
      ...(credentials === undefined ? {} : { credentials }),
      onProgress: ({ percent }) => order.report({ phase: "pulling", percent }),
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

interface Subject {
  readonly inspect: ContainerInspect;
  readonly oldImage: ImageInspect | undefined;
  readonly newImage: ImageInspect;
  readonly newDigest: string | undefined;
  readonly order: Order;
  readonly from: string;
  readonly to: string;
}

/** The plan of the replacement, as the journal keeps it. */
async function entryFor(deps: UpdateDependencies, subject: Subject, signal: AbortSignal): Promise<JournalEntry> {
  const { inspect, oldImage, newImage, newDigest, order, from, to } = subject;
  const identity = deps.inventory.node().engine;
  if (identity === undefined) throw new GangwayError("engine_unreachable", "The engine is not reachable");
  const containers = new Map((await deps.engine.list(signal)).map(({ id, name }) => [id, name]));
  const { body, platform, connect, disconnect, warnings } = planRecreate({
    inspect,
    oldImage,
    newImage,
    newReference: inspect.Config.Image,
    apiVersion: identity.apiVersion,
    hostName: identity.hostName,
    containers,
  });
  const container = inspect.Name.replace(/^\//, "");
  for (const warning of warnings) deps.log.warn({ container, operation: order.id, warning }, "update warning");
  return {
    schema: 1,
    operation: order.operation,
    id: order.id,
    node: deps.node,
    container,
    startedAt: order.startedAt,
    step: "creating",
    oldId: inspect.Id,
    oldImageId: inspect.Image,
    newImageId: newImage.Id,
    ...(newDigest === undefined ? {} : { newDigest }),
    reference: inspect.Config.Image,
    from,
    to,
    wasRunning: inspect.State.Running,
    wasPaused: inspect.State.Paused,
    restartPolicy: inspect.HostConfig.RestartPolicy ?? { Name: "no" },
    plan: { body, connect, disconnect, ...(platform === undefined ? {} : { platform }) },
    inspect,
  };
}

function versionOf(inspect: ContainerInspect, reference: ImageReference, image: ImageInspect | undefined): string {
  const digest = image === undefined ? undefined : digestOf(reference, image);
  return versionText(versionLabel(inspect.Config.Image), digest ?? image?.Id ?? inspect.Image);
}

function digestOf(reference: ImageReference, { Id: id, RepoDigests: repoDigests }: ImageInspect): string | undefined {
  return installedDigestOf(reference, { id, repoDigests }, undefined);
}

/** Tags the old image, so that a prune in the meantime does not take it; disposing of the hold removes the tag. */
async function holdImage(
  engine: UpdateDependencies["engine"],
  imageId: string,
  operation: string,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const keep = parseImageReference(`${keepRepository}:${operation}`) as ImageReference;
  await engine.tag(imageId, keep, signal);
  return {
    [Symbol.asyncDispose]: async () => {
      await engine.untag(keep, AbortSignal.timeout(10_000)).catch(() => {});
    },
  };
}

async function imageIfThere(
  engine: Pick<Engine, "inspectImage">,
  id: string,
  signal: AbortSignal,
): Promise<ImageInspect | undefined> {
  try {
    return await engine.inspectImage(id, signal);
  } catch (error) {
    if (isErrorWithCode(error, "engine_not_found")) return undefined;
    throw error;
  }
}
