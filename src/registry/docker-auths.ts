import { z } from "zod";
import type { Credentials } from "../core/ports.ts";
import type { Log, Secrets } from "../lib/log.ts";
import { type CredentialsLocator, registerSecrets } from "./credentials.ts";
import { jsonFrom } from "./json.ts";
import { registryName } from "./place.ts";
import { type DockerAuth, DockerConfig } from "./schema.ts";

/** The text of a `config.json`, or why it is none, without anything of its content. */
export function dockerConfigFrom(
  text: string,
): { readonly kind: "config"; readonly config: DockerConfig } | { readonly kind: "invalid"; readonly reason: string } {
  const parsed = DockerConfig.safeParse(jsonFrom(text));
  return parsed.success
    ? { kind: "config", config: parsed.data }
    : { kind: "invalid", reason: z.prettifyError(parsed.error).replace(/\s*\n\s*/g, " ") };
}

/** The credentials that stand in `auths` themselves, by the one name of each registry. */
export function credentialsIn({ auths }: DockerConfig): ReadonlyMap<string, Credentials> {
  const known = new Map<string, Credentials>();
  for (const [key, auth] of Object.entries(auths ?? {})) {
    const registry = registryOfKey(key);
    const credentials = registry === undefined ? undefined : credentialsFrom(auth);
    if (registry !== undefined && credentials !== undefined && !known.has(registry)) known.set(registry, credentials);
  }
  return known;
}

/**
 * The registry of a key: a host, or a URL as old clients wrote it; Docker Hub's is `https://index.docker.io/v1/`. Other
 * paths belong to something else: Docker Desktop keeps its own tokens under `…/v1/access-token`.
 */
export function registryOfKey(key: string): string | undefined {
  const host = /^(?:https?:\/\/)?([^/]+)(?:\/(?:v[12]\/?)?)?$/.exec(key)?.[1];
  return host === undefined ? undefined : registryName(host);
}

/**
 * The credentials of the variable `DOCKER_AUTH_CONFIG`, whose `text` is that of a `config.json` with `auths` alone
 * (https://docs.docker.com/reference/cli/docker/#environment-variables). One that makes no sense is warned of.
 */
export function environmentCredentials(
  { log, secrets }: { readonly log: Pick<Log, "warn">; readonly secrets: Pick<Secrets, "register"> },
  text: string,
): CredentialsLocator {
  const found = dockerConfigFrom(text);
  if (found.kind === "invalid") {
    log.warn({ reason: found.reason }, "DOCKER_AUTH_CONFIG cannot be used; registries are asked without it");
    return () => Promise.resolve(undefined);
  }
  const known = credentialsIn(found.config);
  for (const credentials of known.values()) registerSecrets(secrets, credentials);
  return (registry) => Promise.resolve(known.get(registryName(registry)));
}

function credentialsFrom(auth: DockerAuth): Credentials | undefined {
  if (auth.registrytoken) return { kind: "registry_token", token: auth.registrytoken };
  if (auth.identitytoken) return { kind: "identity_token", token: auth.identitytoken };
  const { username, password } = auth.auth ? decoded(auth.auth) : auth;
  return username && password ? { kind: "password", username, password } : undefined;
}

/** `base64(username:password)`; the docker CLI ignores NUL characters at the password's end. */
function decoded(auth: string): { readonly username: string; readonly password: string } {
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return { username: "", password: "" };
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}
