import type { Inventory } from "../core/ports.ts";
import { slugOf } from "../lib/text.ts";
import { untilAborted } from "../lib/time.ts";

/** Where the name is kept once it was resolved. */
interface KnownName {
  readonly node: () => string | undefined;
  readonly setNode: (node: string) => void;
}

/**
 * The engine's short name in topics: as configured, as it was resolved once, or, when the engine answers for the first
 * time, after its host name. Undefined when `signal` aborts before that.
 */
export async function nameOfNode(
  configured: string | undefined,
  known: KnownName,
  inventory: Pick<Inventory, "node" | "subscribe">,
  signal: AbortSignal,
): Promise<string | undefined> {
  const settled = configured ?? known.node();
  if (settled !== undefined) {
    known.setNode(settled);
    return settled;
  }
  const answered = Promise.withResolvers<string>();
  using _ = inventory.subscribe(() => {
    const { engine } = inventory.node();
    if (engine !== undefined) answered.resolve(slugOf(engine.hostName) || "docker");
  });
  const node = await Promise.race([answered.promise, untilAborted(signal)]);
  if (node === undefined) return undefined;
  known.setNode(node);
  return node;
}
