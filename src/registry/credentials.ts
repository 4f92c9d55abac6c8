import type { Credentials } from "../core/ports.ts";
import type { Secrets } from "../lib/log.ts";
import { registryName } from "./place.ts";

/** Credentials for a registry (`ghcr.io`, `docker.io`), or undefined where it knows none. Never rejects. */
export type CredentialsLocator = (registry: string) => Promise<Credentials | undefined>;

/** Credentials as they stand in the configuration: `token`, or `username` and `password`. */
export interface ConfiguredCredentials {
  readonly host: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

/** The first locator that knows credentials decides. */
export function firstCredentials(locators: readonly CredentialsLocator[]): CredentialsLocator {
  return async (registry) => {
    for (const locate of locators) {
      const found = await locate(registry);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** The credentials of the configuration. */
export function configuredCredentials(
  { secrets }: { readonly secrets: Pick<Secrets, "register"> },
  registries: readonly ConfiguredCredentials[],
): CredentialsLocator {
  const known = new Map(
    registries.flatMap((entry) => {
      const credentials = credentialsFrom(entry);
      if (credentials === undefined) return [];
      registerSecrets(secrets, credentials);
      return [[registryName(entry.host), credentials] as const];
    }),
  );
  return (registry) => Promise.resolve(known.get(registryName(registry)));
}

function credentialsFrom({ username, password, token }: ConfiguredCredentials): Credentials | undefined {
  if (token !== undefined) return { kind: "registry_token", token };
  if (username === undefined || password === undefined) return undefined;
  return { kind: "password", username, password };
}

/** Keeps what is secret in `credentials` out of the log, in each form in which it is sent. */
export function registerSecrets(secrets: Pick<Secrets, "register">, credentials: Credentials): void {
  for (const text of secretsOf(credentials)) secrets.register(text);
}

/** For credentials that are in use no more. */
export function forgetSecrets(secrets: Pick<Secrets, "forget">, credentials: Credentials): void {
  for (const text of secretsOf(credentials)) secrets.forget(text);
}

function secretsOf(credentials: Credentials): readonly string[] {
  if (credentials.kind !== "password") return [credentials.token];
  const { username, password } = credentials;
  return [password, Buffer.from(`${username}:${password}`, "utf8").toString("base64")];
}
