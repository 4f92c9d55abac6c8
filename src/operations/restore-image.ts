import type { BackupPlan } from "../core/backup.ts";
import { canonicalText, type ImageReference, parseImageReference } from "../core/image-reference.ts";
import type { Engine, Registry } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { imageIfThere } from "./images.ts";
import type { Report } from "./runner.ts";

export interface RestoreImageDependencies {
  readonly engine: Pick<Engine, "inspectImage" | "pull" | "tag">;
  readonly registry: Pick<Registry, "credentialsFor">;
}

/** What a container is created from. */
export interface ProvidedImage {
  readonly imageId: string;
  /** A sentence, where it is another image than it was. */
  readonly remarks: readonly string[];
}

/**
 * Sees to it that there is an image for a container here: the very same one where that can be had, also where the tag
 * stands for another one by now; else what the tag stands for. Images that were pulled stay, whatever becomes of the rest.
 */
export async function provideImage(
  deps: RestoreImageDependencies,
  { image }: BackupPlan,
  report: Report,
  signal: AbortSignal,
): Promise<ProvidedImage> {
  const { engine } = deps;
  const parsed = parseImageReference(image.reference);
  const text = parsed.kind === "reference" ? canonicalText(parsed) : image.reference;
  const there = await imageIfThere(engine, text, signal);
  const isHere = (await imageIfThere(engine, image.id, signal)) !== undefined;
  if (!isHere && parsed.kind === "reference" && there?.Id !== image.id) {
    const isExact = await pullExact(deps, image, report, signal);
    if (!isExact && there === undefined) await pull(deps, parsed, report, signal);
  }
  const same = await imageIfThere(engine, image.id, signal);
  if (same !== undefined) {
    if (there === undefined && parsed.kind === "reference" && parsed.digest === undefined) {
      await engine.tag(same.Id, parsed, signal);
    }
    return { imageId: same.Id, remarks: [] };
  }
  if (there === undefined && parsed.kind !== "reference") {
    throw new GangwayError(
      "backup_failed",
      `The image ${image.reference} is not here, and cannot be pulled by that name`,
    );
  }
  const other = there ?? (await engine.inspectImage(text, signal));
  return { imageId: other.Id, remarks: other.Id === image.id ? [] : [otherImage(image.reference)] };
}

/** By its digest, under which no other image can stand. */
async function pullExact(
  deps: RestoreImageDependencies,
  { repoDigests, id }: BackupPlan["image"],
  report: Report,
  signal: AbortSignal,
): Promise<boolean> {
  for (const text of repoDigests) {
    const reference = parseImageReference(text);
    if (reference.kind !== "reference") continue;
    try {
      await pull(deps, reference, report, signal);
      if ((await imageIfThere(deps.engine, id, signal)) !== undefined) return true;
    } catch {
      // The registry may have forgotten it: the tag is what is left.
      signal.throwIfAborted();
    }
  }
  return false;
}

async function pull(
  { engine, registry }: RestoreImageDependencies,
  reference: ImageReference,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const credentials = await registry.credentialsFor(reference.registry);
  const onProgress = ({ percent }: { readonly percent: number }): void => report({ phase: "pulling", percent });
  await engine.pull({ reference, ...(credentials === undefined ? {} : { credentials }), onProgress }, signal);
}

function otherImage(reference: string): string {
  return `${reference} stands for another image than when the backup was made: the container has that one now.`;
}
