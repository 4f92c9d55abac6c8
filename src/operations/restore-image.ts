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

/**
 * Sees to it that the reference that a container was created from stands for an image here: the very same one where that
 * can be had. Resolves to a sentence where it is another one. Images that were pulled stay, whatever becomes of the rest.
 */
export async function provideImage(
  deps: RestoreImageDependencies,
  { image }: BackupPlan,
  report: Report,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { engine } = deps;
  const parsed = parseImageReference(image.reference);
  const text = parsed.kind === "reference" ? canonicalText(parsed) : image.reference;
  const there = await imageIfThere(engine, text, signal);
  if (there !== undefined) return there.Id === image.id ? [] : [otherImage(image.reference)];
  if (parsed.kind !== "reference") {
    throw new GangwayError(
      "backup_failed",
      `The image ${image.reference} is not here, and cannot be pulled by that name`,
    );
  }
  if ((await imageIfThere(engine, image.id, signal)) === undefined) {
    const exact = await pullExact(deps, image, report, signal);
    if (!exact) await pull(deps, parsed, report, signal);
  }
  const same = await imageIfThere(engine, image.id, signal);
  if (same !== undefined && parsed.digest === undefined) await engine.tag(same.Id, parsed, signal);
  const now = await engine.inspectImage(text, signal);
  return now.Id === image.id ? [] : [otherImage(image.reference)];
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
