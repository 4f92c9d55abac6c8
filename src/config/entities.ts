import { z } from "zod";
import { entityNames, entityPresets } from "../core/entity-selection.ts";
import { nearest } from "./nearest.ts";
import { expectedName } from "./problems.ts";
import { duration, section } from "./values.ts";

/** The section `entities`. */
export const Entities = z
  .strictObject(
    {
      preset: z.enum(entityPresets, "minimal, standard or full").prefault("standard").meta({
        description:
          "How many entities each device has: `minimal`, `standard` (the seldom wanted ones are disabled at first), or `full` (all, and enabled).",
      }),
      include: z
        .array(entityName(), "a list of entities")
        .prefault([])
        .meta({ description: "Entities to have as well, by key, such as `pids` or `node.job`." }),
      exclude: z
        .array(entityName(), "a list of entities")
        .prefault([])
        .meta({ description: "Entities to leave out, by key; wins over `include`." }),
      prefix: entityPrefix().exactOptional().meta({
        description:
          "What the ids of new entities begin with, such as `nas`; `{node}` in it stands for the node. Where absent, Home Assistant makes them.",
      }),
      grace: duration({ min: "0s" })
        .prefault("24h")
        .meta({ description: "How long the device of a container that is gone stays in Home Assistant." }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "Entities in Home Assistant." });

/** An entity by its key, of a closed list. */
function entityName() {
  return z.enum(entityNames, {
    error: ({ input }) => expectedName("entity", typeof input === "string" ? nearest(input, entityNames) : undefined),
  });
}

/** What ids of entities begin with: `{node}` in it stands for the node. */
function entityPrefix(): z.ZodString {
  const expected = "lower-case letters, digits and underscores, with {node} for the node, such as nas or docker_{node}";
  return z.string(expected).regex(/^(?:[a-z0-9_]|\{node\}){1,63}$/, expected);
}
