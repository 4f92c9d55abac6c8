import { z } from "zod";
import {
  backupSchema,
  consistencies,
  type BackupManifest as Manifest,
  type BackupPlan as Plan,
} from "../../core/backup.ts";

/*
 * What comes out of a backup's file may be anybody's. Only a part can be read that has a name of this form, and the
 * engine itself judges what is sent to it.
 */

const texts = z.record(z.string(), z.string());
const loose = z.looseObject({});
const platform = z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
const format = { format: z.literal("gangway-backup"), schema: z.literal(backupSchema) };
const time = z.iso.datetime();
const containerName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/);
const partOf = (pattern: RegExp) => z.string().regex(pattern).optional();

/** `plan.json` */
export const BackupPlan = z.looseObject({
  ...format,
  gangway: z.string(),
  createdAt: time,
  node: z.string(),
  container: containerName,
  engine: z.looseObject({ version: z.string(), apiVersion: z.string(), hostName: z.string() }),
  consistency: z.enum(consistencies),
  halted: z.array(z.string()),
  state: z.enum(["running", "paused", "stopped"]),
  image: z.looseObject({
    reference: z.string().min(1),
    id: z.string().min(1),
    repoDigests: z.array(z.string()),
    platform: platform.optional(),
    config: loose.optional(),
  }),
  create: z.looseObject({
    body: z.looseObject({
      Image: z.string().min(1),
      HostConfig: loose,
      NetworkingConfig: z.looseObject({ EndpointsConfig: z.record(z.string(), loose) }),
    }),
    platform: platform.optional(),
    connect: z.array(z.looseObject({ network: z.string().min(1), endpoint: loose })),
    disconnect: z.array(z.string().min(1)),
  }),
  networks: z.array(
    z.looseObject({
      name: z.string().min(1),
      driver: z.string(),
      scope: z.string(),
      internal: z.boolean(),
      attachable: z.boolean(),
      ipv6: z.boolean(),
      ipam: loose,
      options: texts,
      labels: texts,
    }),
  ),
  volumes: z
    .array(
      z.looseObject({
        name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/),
        anonymous: z.boolean(),
        driver: z.string(),
        options: texts,
        labels: texts,
        destinations: z.array(z.string().startsWith("/")),
        part: partOf(/^volumes\/v\d{1,4}\.tar$/),
      }),
    )
    .max(10_000),
  binds: z
    .array(
      z.looseObject({
        source: z.string().startsWith("/"),
        destinations: z.array(z.string().startsWith("/")),
        part: partOf(/^binds\/b\d{1,4}\.tar$/),
      }),
    )
    .max(10_000),
  tmpfs: z.array(z.string()),
  warnings: z.array(z.string()),
  inspect: z.looseObject({ Id: z.string(), Name: z.string() }),
}) as unknown as z.ZodType<Plan>;

/** `manifest.json` */
export const BackupManifest: z.ZodType<Manifest> = z.looseObject({
  ...format,
  container: containerName,
  createdAt: time,
  parts: z
    .array(
      z.looseObject({
        name: z.string(),
        bytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        entries: z.int().nonnegative().optional(),
      }),
    )
    .min(1),
});
