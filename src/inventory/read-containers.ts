import PQueue from "p-queue";
import { type Container, containerFrom } from "../core/container.ts";
import type { Engine } from "../core/ports.ts";
import { createImageBook } from "./image-book.ts";

const parallelInspects = 8;

/** All containers of an engine as they are now, in the engine's order: for one look, without watching. */
export async function readContainers(
  engine: Pick<Engine, "list" | "inspect" | "inspectImage">,
  signal: AbortSignal,
): Promise<readonly Container[]> {
  const images = createImageBook(engine);
  const queue = new PQueue({ concurrency: parallelInspects });
  return await queue.addAll(
    (await engine.list(signal)).map(({ id }) => async () => {
      const inspect = await engine.inspect(id, signal);
      return containerFrom(inspect, (await images.imageOf(inspect.Image, signal)).repoDigests);
    }),
  );
}
