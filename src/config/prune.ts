import { z } from "zod";
import { section, text } from "./values.ts";

/** The section `prune`. */
export const Prune = z
  .strictObject(
    {
      keep: z.array(text("a name, or a pattern such as data-*"), "a list of names").prefault([]).meta({
        description:
          "Names or patterns of images, containers, volumes and networks that no prune removes: `nginx`, `ghcr.io/**`, `data-*`. So does the label `gangway.prune=false` on any of them.",
      }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "Removing what nobody needs any more." });
