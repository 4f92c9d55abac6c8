import { z } from "zod";
import { backupSteps, type BackupEntry as Entry } from "../core/backup-journal.ts";

/** What entries have in `schema`; a change of their form changes it. */
export const backupJournalVersion = 1;

/** Containers that are to run again. */
export const halts = z.array(
  z.looseObject({
    container: z.string().min(1),
    id: z.string().min(1),
    deed: z.enum(["stop", "pause"]),
    startedAt: z.string(),
  }),
);

/** What Gangway wrote itself. */
export const BackupEntry: z.ZodType<Entry> = z.looseObject({
  schema: z.literal(backupJournalVersion),
  kind: z.literal("backup"),
  operation: z.string().regex(/^[0-9a-f]{8}$/),
  id: z.string(),
  node: z.string(),
  container: z.string().min(1),
  command: z.enum(["update", "restore"]).exactOptional(),
  startedAt: z.string(),
  step: z.enum(backupSteps),
  halts,
  begun: z.int().nonnegative(),
  partial: z.string().min(1),
});
