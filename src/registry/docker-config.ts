import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import type { Credentials } from "../core/ports.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log, Secrets } from "../lib/log.ts";
import { type CredentialsLocator, registerSecrets } from "./credentials.ts";
import { jsonFrom } from "./json.ts";
import { registryName } from "./place.ts";
import { type DockerAuth, DockerConfig } from "./schema.ts";

/**
 * The credentials that `docker login` has left in the `config.json` at `path`. The file is read again when it has
 * changed; one that is missing knows none, and so does a damaged one, which is warned of once. Credential helpers are
 * not asked.
 */
export function dockerConfigCredentials(
  deps: { readonly log: Pick<Log, "warn">; readonly secrets: Pick<Secrets, "register"> },
  path: string,
): CredentialsLocator {
  let last: { readonly version: string; readonly known: Promise<ReadonlyMap<string, Credentials>> } | undefined;
  return async (registry) => {
    const version = await versionOf(path);
    if (last === undefined || last.version !== version) {
      last = { version, known: version === "" ? Promise.resolve(new Map()) : read(deps, path) };
    }
    return (await last.known).get(registryName(registry));
  };
}

/** Changes with every write of the file; the empty text where there is none. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "";
  }
}

async function read(
  { log, secrets }: Parameters<typeof dockerConfigCredentials>[0],
  path: string,
): Promise<ReadonlyMap<string, Credentials>> {
  const unusable = (reason: string): ReadonlyMap<string, Credentials> => {
    log.warn({ path, reason }, "Docker's config.json cannot be used; registries are asked without its credentials");
    return new Map();
  };
  const text = await readFile(path, "utf8").catch((error: unknown) => ({ reason: messageOf(error) }));
  if (typeof text !== "string") return unusable(text.reason);
  const config = DockerConfig.safeParse(jsonFrom(text));
  if (!config.success) return unusable(z.prettifyError(config.error).replace(/\s*\n\s*/g, " "));
  if (config.data.credsStore || Object.keys(config.data.credHelpers ?? {}).length > 0) {
    log.warn({ path }, "Docker's credential helpers are not asked; what they keep has to be set in registries");
  }
  const known = credentialsIn(config.data);
  for (const credentials of known.values()) registerSecrets(secrets, credentials);
  return known;
}

/** By the one name of each registry. */
function credentialsIn({ auths }: DockerConfig): ReadonlyMap<string, Credentials> {
  const known = new Map<string, Credentials>();
  for (const [key, auth] of Object.entries(auths ?? {})) {
    const registry = registryOf(key);
    const credentials = registry === undefined ? undefined : credentialsFrom(auth);
    if (registry !== undefined && credentials !== undefined && !known.has(registry)) known.set(registry, credentials);
  }
  return known;
}

/**
 * The registry of a key: a host, or a URL as old clients wrote it; Docker Hub's is `https://index.docker.io/v1/`. Other
 * paths belong to something else: Docker Desktop keeps its own tokens under `…/v1/access-token`.
 */
function registryOf(key: string): string | undefined {
  const host = /^(?:https?:\/\/)?([^/]+)(?:\/(?:v[12]\/?)?)?$/.exec(key)?.[1];
  return host === undefined ? undefined : registryName(host);
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
