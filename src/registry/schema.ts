import { z } from "zod";

/** What may stand in an `Authorization` header. */
const visible = z.string().regex(/^[\x21-\x7e]+$/);

/**
 * A token server's answer. Either member may be missing; some servers send an empty one.
 * https://distribution.github.io/distribution/spec/auth/token/#token-response-fields
 */
export const TokenAnswer = z.object({
  token: visible.optional().catch(undefined),
  access_token: visible.optional().catch(undefined),
  /** Seconds. */
  expires_in: z.number().positive().optional().catch(undefined),
});

/**
 * The body of an answer that tells an error.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 */
export const ErrorBody = z.object({
  errors: z.array(z.object({ code: z.string().regex(/^[A-Za-z0-9_]{1,40}$/) })).min(1),
});

/**
 * What all manifests and indexes that engines still take have in common.
 * https://github.com/opencontainers/image-spec/blob/main/manifest.md
 */
export const Manifest = z.object({ schemaVersion: z.literal(2) });

/**
 * A page of a repository's tags; `null` where it has none.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export const TagPage = z.object({ tags: z.array(z.string()).nullish() });

/** https://github.com/docker/cli/blob/master/cli/config/types/authconfig.go */
export const DockerAuth = z.object({
  auth: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  identitytoken: z.string().nullish(),
  registrytoken: z.string().nullish(),
});
export type DockerAuth = z.infer<typeof DockerAuth>;

/**
 * The parts of Docker's `config.json` that have to do with registries.
 * https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties
 */
export const DockerConfig = z.object({
  auths: z.record(z.string(), DockerAuth).nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});
export type DockerConfig = z.infer<typeof DockerConfig>;

/**
 * What a credential helper says to `get`.
 * https://github.com/docker/docker-credential-helpers/blob/master/credentials/credentials.go
 */
export const HelperAnswer = z.object({
  Username: z.string().max(10_000),
  Secret: z.string().max(60_000),
});
