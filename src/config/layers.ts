import type { Origin } from "./problems.ts";
import { at, isSection, type Path } from "./tree.ts";

/** One source of configuration, in the form of the file. */
export interface Layer {
  readonly value: unknown;
  /** Where the value at `path` (or its key) was written. */
  readonly originOf: (path: Path, part: "key" | "value") => Origin;
}

/** Lays `layers` over each other, the first uppermost: sections are joined, everything else is taken whole. */
export function merged(layers: readonly Layer[]): Layer {
  const value = layers.map((layer) => layer.value).reduceRight((below, above) => joined(above, below), undefined);
  return {
    value: value ?? {},
    originOf: (path, part) => {
      for (let length = path.length; length > 0; length -= 1) {
        const known = path.slice(0, length);
        const having = layers.filter((layer) => at(layer.value, known) !== undefined);
        const layer = having.find((candidate) => at(candidate.value, known) === at(value, known)) ?? having[0];
        if (layer !== undefined) return layer.originOf(known, length === path.length ? part : "value");
      }
      return layers.find((layer) => layer.value === value)?.originOf([], "value") ?? { kind: "default" };
    },
  };
}

function joined(above: unknown, below: unknown): unknown {
  if (above === undefined) return below;
  if (below === undefined || !isSection(above)) return above;
  // A section here and something else there: what is wrong must not be hidden.
  if (!isSection(below)) return below;
  const keys = new Set([...Object.keys(above), ...Object.keys(below)]);
  return Object.fromEntries([...keys].map((key) => [key, joined(at(above, [key]), at(below, [key]))]));
}
