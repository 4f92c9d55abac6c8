import { nameFrom } from "../core/container.ts";
import type { ContainerInspect, ImageInspect } from "../core/inspect.ts";
import type { Engine, EngineIdentity, Inventory } from "../core/ports.ts";
import { GangwayError, isErrorWithCode } from "../lib/errors.ts";

export interface ImagesDependencies {
  readonly engine: Pick<Engine, "inspectImage">;
}

/** The images that the members of a group run, by id. The first member's may be missing: it gets another one. */
export async function imagesOf(
  { engine }: ImagesDependencies,
  members: readonly ContainerInspect[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ImageInspect>> {
  const images = new Map<string, ImageInspect>();
  for (const [index, { Image: id, Name }] of members.entries()) {
    const image = await imageIfThere(engine, id, signal);
    if (image !== undefined) images.set(id, image);
    else if (index > 0) {
      const message = `the engine has no record any more of the image that ${nameFrom(Name)} runs; recreate that one first`;
      throw new GangwayError("engine_not_found", message);
    }
  }
  return images;
}

/** Undefined where the engine has no record of it any more. */
export async function imageIfThere(
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

/** Who the engine is: what is created at it depends on that. */
export function identityOf(inventory: Pick<Inventory, "node">): EngineIdentity {
  const identity = inventory.node().engine;
  if (identity === undefined) throw new GangwayError("engine_unreachable", "The engine is not reachable");
  return identity;
}
