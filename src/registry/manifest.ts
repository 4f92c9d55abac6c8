import { createHash } from "node:crypto";
import { GangwayError } from "../lib/errors.ts";
import type { Answer } from "./exchange.ts";
import { jsonFrom } from "./json.ts";
import { Manifest } from "./schema.ts";

/**
 * Everything that an engine takes, always in the same words: with less, registries answer 404 to an image of the other
 * kinds, or convert it and give it another digest.
 */
export const accept = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** The spec wants registries to take manifests of 4 MiB; nobody has larger ones. */
export const maxManifestBytes = 8 * 1024 * 1024;

/** https://github.com/opencontainers/image-spec/blob/main/descriptor.md#registered-algorithms */
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
/** Schema 1, which engines have dropped. */
const outdated = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** The digest that the registry tells; undefined where it tells none. Spec 1.1 and earlier: a registry only should. */
export function toldDigest(answer: Pick<Answer, "header">): string | undefined {
  const digest = answer.header("docker-content-digest").trim();
  return digestPattern.test(digest) ? digest : undefined;
}

/** The digest of the manifest that is the answer's body. Rejects what is not a manifest. `host` gave it. */
export function bodyDigest(answer: Answer, host: string): string {
  if (!answer.isWhole) throw invalid(`${host} sent a manifest of more than ${maxManifestBytes / 1024 / 1024} MiB`);
  if (!Manifest.safeParse(jsonFrom(answer.body)).success) {
    throw invalid(`${host} did not answer with an image's manifest; is there a registry at this address?`);
  }
  return `sha256:${createHash("sha256").update(answer.body).digest("hex")}`;
}

/** Rejects a manifest in a format that no engine takes any more. */
export function requireCurrentFormat(answer: Pick<Answer, "header">, reference: string): void {
  if (!outdated.test(answer.header("content-type"))) return;
  throw invalid(`${reference} is in an image format that engines no longer take; it has to be pushed again`);
}

function invalid(message: string): GangwayError {
  return new GangwayError("registry_answer_invalid", message);
}
