import { z } from "zod";

/*
 * What the engine says of what lies on its disk, checked only where Gangway reads it. API 1.41 to 1.51.
 */

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((found) => found ?? {});
const texts = z
  .array(z.string())
  .nullish()
  .transform((found) => found ?? []);
/** -1 means that it was not computed. */
const size = z
  .number()
  .nullish()
  .transform((bytes) => (bytes == null || bytes < 0 ? null : bytes));
const time = z
  .string()
  .nullish()
  .transform((text) => {
    const ms = Date.parse(text ?? "");
    return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
  });

/** Podman leaves the algorithm out at some places. */
const imageId = z.string().transform((id) => (id.includes(":") ? id : `sha256:${id}`));

/** `GET /images/json` */
export const storedImages = z.array(
  z.looseObject({ Id: imageId, RepoTags: texts, RepoDigests: texts, Created: z.number(), Labels: labels }),
);

/** `GET /volumes` */
export const volumeList = z.looseObject({
  Volumes: z
    .array(z.looseObject({ Name: z.string(), Labels: labels, CreatedAt: time }))
    .nullish()
    .transform((found) => found ?? []),
});

/** `GET /networks` */
export const networkList = z.array(
  z.looseObject({
    Id: z.string(),
    Name: z.string(),
    Labels: labels,
    Scope: z.string().default("local"),
    Ingress: z.boolean().default(false),
    ConfigOnly: z.boolean().default(false),
    Created: time,
  }),
);

/** `GET /system/df`: what was not asked for is missing or empty. */
export const diskUsage = z.looseObject({
  LayersSize: size,
  Images: z
    .array(z.looseObject({ Id: imageId, Size: size, SharedSize: size, Containers: z.number().nullish() }))
    .nullish()
    .transform((found) => found ?? []),
  Containers: z
    .array(z.looseObject({ Id: z.string(), SizeRw: size }))
    .nullish()
    .transform((found) => found ?? []),
  Volumes: z
    .array(
      z.looseObject({
        Name: z.string(),
        UsageData: z.looseObject({ Size: size, RefCount: z.number() }).nullish(),
      }),
    )
    .nullish()
    .transform((found) => found ?? []),
  BuildCache: z
    .array(
      z.looseObject({
        ID: z.string(),
        Type: z.string().default(""),
        Description: z.string().default(""),
        InUse: z.boolean().default(false),
        Shared: z.boolean().default(false),
        Size: size,
        CreatedAt: time,
        LastUsedAt: time,
      }),
    )
    .nullish()
    .transform((found) => found ?? []),
});

/** `POST /build/prune` */
export const buildPruned = z.looseObject({ SpaceReclaimed: z.number().default(0) });

/** `GET /info` */
export const engineTime = z.object({ SystemTime: z.iso.datetime({ offset: true }) });

/** A line of `GET /events` that tells of a pull; its id is what was pulled. */
export const pullLine = z.object({ Actor: z.object({ ID: z.string() }), timeNano: z.number() });
