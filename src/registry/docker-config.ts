import { readFile, stat } from "node:fs/promises";
import type { Credentials } from "../core/ports.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log, Secrets } from "../lib/log.ts";
import type { AskHelper } from "./credential-helper.ts";
import { type CredentialsLocator, registerSecrets } from "./credentials.ts";
import { credentialsIn, dockerConfigFrom, registryOfKey } from "./docker-auths.ts";
import { registryName } from "./place.ts";
import type { DockerConfig } from "./schema.ts";

interface Dependencies {
  readonly log: Pick<Log, "warn">;
  readonly secrets: Pick<Secrets, "register">;
  readonly askHelper: AskHelper;
}

/** What the file says of a registry. */
interface Known {
  readonly credentials: ReadonlyMap<string, Credentials>;
  /** The credential helper for a registry. */
  readonly helperFor: (registry: string) => string | undefined;
}

/**
 * The credentials that `docker login` has left in the `config.json` at `path`, or with the credential helper that it
 * names: `credHelpers` for the registry, else `credsStore`; where the helper has none, those in `auths`. The file is read
 * again when it has changed; one that is missing knows none, and so does a damaged one, which is warned of once.
 */
export function dockerConfigCredentials(deps: Dependencies, path: string): CredentialsLocator {
  let last: { readonly version: string; readonly known: Promise<Known> } | undefined;
  return async (registry) => {
    const version = await versionOf(path);
    if (last === undefined || last.version !== version) {
      last = { version, known: version === "" ? Promise.resolve(nothing) : read(deps, path) };
    }
    const name = registryName(registry);
    const { credentials, helperFor } = await last.known;
    const helper = helperFor(name);
    const kept = helper === undefined ? undefined : await deps.askHelper(helper, serverOf(name));
    return kept ?? credentials.get(name);
  };
}

const nothing: Known = { credentials: new Map(), helperFor: () => undefined };

/** The address under which `docker login` keeps what belongs to a registry. */
function serverOf(registry: string): string {
  return registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
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

async function read({ log, secrets }: Dependencies, path: string): Promise<Known> {
  const unusable = (reason: string): Known => {
    log.warn({ path, reason }, "Docker's config.json cannot be used; registries are asked without its credentials");
    return nothing;
  };
  const text = await readFile(path, "utf8").catch((error: unknown) => ({ reason: messageOf(error) }));
  if (typeof text !== "string") return unusable(text.reason);
  const found = dockerConfigFrom(text);
  if (found.kind === "invalid") return unusable(found.reason);
  const credentials = credentialsIn(found.config);
  for (const known of credentials.values()) registerSecrets(secrets, known);
  return { credentials, helperFor: helpersIn(found.config) };
}

/** An empty name stands for none. */
function helpersIn({ credsStore, credHelpers }: DockerConfig): Known["helperFor"] {
  const own = new Map(Object.entries(credHelpers ?? {}).map(([key, helper]) => [registryOfKey(key), helper] as const));
  return (registry) => own.get(registry) || credsStore || undefined;
}
