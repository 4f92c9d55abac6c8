import { z } from "zod";
import { type JournalEntry as Entry, swapSteps } from "../core/journal.ts";

const loose = z.looseObject({});

/**
 * What Gangway wrote itself: enough is checked to be sure that it is this form. The engine's own answers in it were
 * checked when they came.
 */
export const JournalEntry = z.looseObject({
  schema: z.literal(1),
  operation: z.string().regex(/^[0-9a-f]{8}$/),
  id: z.string(),
  node: z.string(),
  container: z.string().min(1),
  startedAt: z.string(),
  step: z.enum(swapSteps),
  oldId: z.string().min(1),
  newId: z.string().min(1).optional(),
  oldImageId: z.string(),
  newImageId: z.string(),
  newDigest: z.string().optional(),
  reference: z.string(),
  from: z.string(),
  to: z.string(),
  wasRunning: z.boolean(),
  wasPaused: z.boolean(),
  restartPolicy: z.looseObject({ Name: z.string() }),
  plan: z.looseObject({ body: loose, connect: z.array(loose), disconnect: z.array(z.string()) }),
  inspect: loose,
  cause: z.string().optional(),
  log: z.string().optional(),
}) as unknown as z.ZodType<Entry>;
