import { z } from "zod";
import type { Platform } from "../core/inspect.ts";
import type { Annotations, IndexEntry, RemoteConfig, RemoteManifest } from "../core/remote-manifest.ts";

/*
 * Manifests, indexes and configurations as registries give them
 * (https://github.com/opencontainers/image-spec/blob/main/image-index.md, manifest.md, config.md). What may be missing may
 * also be null: that is how Go writes an empty list.
 */

const digest = z.string().regex(/^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/);
/** One that is no text says nothing, and spoils nothing. */
const annotations = z
  .record(z.string(), z.unknown())
  .nullish()
  .catch(undefined)
  .transform(
    (all): Annotations =>
      Object.fromEntries(
        Object.entries(all ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
      ),
  );
const texts = z.array(z.string()).nullish().catch(undefined);
const text = z.string().nullish().catch(undefined);

const platform = z
  .object({ os: text, architecture: text, variant: text })
  .nullish()
  .catch(undefined)
  .transform((found) => (found === null || found === undefined ? undefined : platformFrom(found)));

type PlatformText = Readonly<Partial<Record<keyof Platform, string | null | undefined>>>;

/** One that says nothing is none. */
function platformFrom({ os, architecture, variant }: PlatformText): Platform | undefined {
  if (!os || !architecture) return undefined;
  return { os, architecture, ...(variant ? { variant } : {}) };
}

const descriptor = z.object({ mediaType: text, digest, artifactType: text, annotations, platform });

/** Either kind; which one it is, its members tell: the media type may be missing. */
export const ManifestBody = z.object({
  schemaVersion: z.literal(2),
  artifactType: text,
  manifests: z.array(descriptor).nullish(),
  config: z.object({ mediaType: text, digest }).nullish(),
  layers: z.array(z.unknown()).nullish(),
  annotations,
});

/** `application/vnd.oci.image.config.v1+json`, `application/vnd.docker.container.image.v1+json` */
const imageConfig = /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\.v1\+json$/;
const indexType = /(?:image\.index|manifest\.list)\./;

/** Undefined where it is neither a manifest nor an index. */
export function remoteManifestFrom(body: z.infer<typeof ManifestBody>): RemoteManifest | undefined {
  const { manifests, config, layers } = body;
  if (manifests !== null && manifests !== undefined) {
    return { kind: "index", entries: manifests.map(entryFrom), annotations: body.annotations };
  }
  if (config === null || config === undefined) return layers === undefined ? undefined : { kind: "artifact" };
  const isImage = !body.artifactType && (!config.mediaType || imageConfig.test(config.mediaType));
  return isImage
    ? { kind: "image", config: config.digest, layerCount: layers?.length ?? 0, annotations: body.annotations }
    : { kind: "artifact" };
}

function entryFrom(entry: z.infer<typeof descriptor>): IndexEntry {
  return {
    digest: entry.digest,
    isIndex: indexType.test(entry.mediaType ?? ""),
    ...(entry.platform === undefined ? {} : { platform: entry.platform }),
    annotations: entry.annotations,
    isArtifact: Boolean(entry.artifactType),
  };
}

export const ConfigBody = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: text,
  created: text,
  config: z
    .object({ Env: texts, Cmd: texts, Entrypoint: texts, Labels: annotations, User: text, WorkingDir: text })
    .nullish()
    .catch(undefined),
  rootfs: z
    .object({ diff_ids: z.array(z.string()).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
});

export function remoteConfigFrom({ config, created, rootfs, ...body }: z.infer<typeof ConfigBody>): RemoteConfig {
  const { os, architecture, variant } = body;
  return {
    platform: { os, architecture, ...(variant ? { variant } : {}) },
    config: {
      Env: config?.Env,
      Cmd: config?.Cmd,
      Entrypoint: config?.Entrypoint,
      Labels: config?.Labels ?? {},
      User: config?.User ?? "",
      WorkingDir: config?.WorkingDir ?? "",
    },
    ...(created ? { created } : {}),
    diffIds: rootfs?.diff_ids ?? [],
  };
}
