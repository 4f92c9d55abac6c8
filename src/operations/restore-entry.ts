import { z } from "zod";
import type { RestoreEntry as Entry } from "../core/restore-journal.ts";
import { halts } from "./backup-entry.ts";

/** What entries have in `schema`; a change of their form changes it. */
export const restoreJournalVersion = 1;

/** What Gangway wrote itself. */
export const RestoreEntry: z.ZodType<Entry> = z.looseObject({
  schema: z.literal(restoreJournalVersion),
  kind: z.literal("restore"),
  operation: z.string().regex(/^[0-9a-f]{8}$/),
  id: z.string(),
  node: z.string(),
  container: z.string().min(1),
  file: z.string(),
  startedAt: z.string(),
  volumes: z.array(z.string()),
  networks: z.array(z.string()),
  newId: z.string().optional(),
  named: z.boolean().optional(),
  undoing: z.boolean().optional(),
  images: z.array(z.string()).optional(),
  retags: z.array(z.object({ reference: z.string(), imageId: z.string().nullable() })).optional(),
  replaced: z
    .looseObject({
      halts,
      begun: z.int().nonnegative(),
      oldId: z.string().optional(),
      safety: z.string().optional(),
      removing: z.array(z.string()).optional(),
      start: z.boolean(),
      returnedId: z.string().optional(),
    })
    .optional(),
});
