import { z } from "zod";
import { type JournalEntry as Entry, swapCommands, swapSteps } from "../core/journal.ts";
import { outcomeStates } from "../core/operation.ts";

/** What entries have in `schema`; a change of their form changes it. */
export const journalVersion = 2;

const loose = z.looseObject({});

const plan = z.looseObject({
  body: loose,
  /** Entries of earlier versions have none. */
  carry: z.array(z.string()).default([]),
  connect: z.array(loose),
  disconnect: z.array(z.string()),
});

const member = z.looseObject({
  container: z.string().min(1),
  oldId: z.string().min(1),
  newId: z.string().min(1).optional(),
  newImageId: z.string(),
  reference: z.string(),
  wasRunning: z.boolean(),
  wasPaused: z.boolean(),
  restartPolicy: z.looseObject({ Name: z.string() }),
  plan,
  inspect: loose,
});

/**
 * What Gangway wrote itself: enough is checked to be sure that it is this form. The engine's own answers in it were
 * checked when they came.
 */
export const JournalEntry = z.looseObject({
  schema: z.literal(journalVersion),
  operation: z.string().regex(/^[0-9a-f]{8}$/),
  id: z.string(),
  command: z.enum(swapCommands),
  node: z.string(),
  container: z.string().min(1),
  startedAt: z.string(),
  step: z.enum(swapSteps),
  members: z.array(member).min(1),
  restarts: z.array(z.string()),
  from: z.string(),
  to: z.string(),
  backup: z.looseObject({ file: z.string().min(1), remarks: z.array(z.string()) }).optional(),
  newDigest: z.string().optional(),
  retags: z.array(z.object({ reference: z.string(), imageId: z.string().nullable() })),
  cause: z.string().optional(),
  reached: z.enum(swapSteps).optional(),
  judged: z.boolean().optional(),
  log: z.string().optional(),
  helper: z
    .looseObject({
      container: z.string().min(1),
      madeAfter: z.string().min(1),
      plan,
      engineHost: z.string(),
      tries: z.int().positive(),
    })
    .optional(),
  outcome: z.looseObject({ state: z.enum(outcomeStates), message: z.string() }).optional(),
}) as unknown as z.ZodType<Entry>;
