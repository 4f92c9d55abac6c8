import { createHash } from "node:crypto";
import type { z } from "zod";
import type { RemoteConfig, RemoteManifest } from "../core/remote-manifest.ts";
import { GangwayError } from "../lib/errors.ts";
import { answerTo, type Means, type Subject, type Wish } from "./answer.ts";
import { ConfigBody, ManifestBody, remoteConfigFrom, remoteManifestFrom } from "./content-schema.ts";
import { requireManifest } from "./digest.ts";
import { jsonFrom } from "./json.ts";
import { accept, maxManifestBytes } from "./manifest.ts";

/*
 * What stands under a digest: it never changes, so that whoever has read it once need not ask again.
 */

type Find<Found> = (means: Means, subject: Subject, signal: AbortSignal) => Promise<Found>;

const mebibyte = 1024 * 1024;
/** An image's configuration has its history in it; the largest have some hundred KiB. */
const maxConfigBytes = 8 * mebibyte;

/** Finds the manifest or index under `digest`. */
export function manifestWith(digest: string): Find<RemoteManifest> {
  return async (means, subject, signal) => {
    const path = `/v2/${subject.place.repository}/manifests/${digest}`;
    const wish: Wish = { method: "GET", path, headers: { accept }, maxBytes: maxManifestBytes };
    const body = await contentOf(means, subject, { digest, wish, schema: ManifestBody }, signal);
    const found = remoteManifestFrom(body);
    if (found === undefined) throw invalid(`What ${subject.place.registry} has under ${digest} is no image`);
    return found;
  };
}

/** Finds the configuration under `digest`. Registries send their clients to a store for it, which sees no credentials. */
export function configWith(digest: string): Find<RemoteConfig> {
  return async (means, subject, signal) => {
    const path = `/v2/${subject.place.repository}/blobs/${digest}`;
    const wish: Wish = { method: "GET", path, headers: {}, maxBytes: maxConfigBytes };
    return remoteConfigFrom(await contentOf(means, subject, { digest, wish, schema: ConfigBody }, signal));
  };
}

interface Content<Body> {
  readonly digest: string;
  readonly wish: Wish;
  readonly schema: z.ZodType<Body>;
}

async function contentOf<Body>(
  means: Means,
  subject: Subject,
  { digest, wish, schema }: Content<Body>,
  signal: AbortSignal,
): Promise<Body> {
  const { place } = subject;
  const { registry, repository } = place;
  const answer = await answerTo(means, subject, wish, signal);
  if (answer.status === 404 || answer.status === 410) {
    const message = `${registry} has nothing under ${digest} in ${repository}, which it names itself; it may be on its way`;
    throw new GangwayError("registry_not_found", message);
  }
  requireManifest(means, place, answer);
  if (!answer.isWhole) throw invalid(`${registry} sent more than ${wish.maxBytes / mebibyte} MiB under ${digest}`);
  const [algorithm = "", expected] = digest.split(":");
  if (createHash(algorithm).update(answer.body).digest("hex") !== expected) {
    throw invalid(`${registry} sent something else than ${digest} stands for; does a proxy change its answers?`);
  }
  const parsed = schema.safeParse(jsonFrom(answer.body));
  if (!parsed.success) throw invalid(`What ${registry} has under ${digest} is no image`);
  return parsed.data;
}

function invalid(message: string): GangwayError {
  return new GangwayError("registry_answer_invalid", message);
}
