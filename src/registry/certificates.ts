import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { GangwayError } from "../lib/errors.ts";

/** What is kept for the TLS connections to one registry; all PEM. */
export interface HostCertificates {
  /** Authorities that are trusted besides the system's. */
  readonly ca?: string;
  /** What Gangway shows where the registry asks who is there. */
  readonly client?: ClientCertificate;
}

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The certificates for a registry, by its name: `registry.lan:5000`. Rejects with `registry_unreachable`. */
export type CertificatesOf = (registry: string) => Promise<HostCertificates>;

/**
 * Those in the engine's own directory, read as the engine reads them: `<registry>/*.crt` are authorities, `*.cert` with
 * `*.key` beside it is the client's (of several, the first). What this user may not read is passed over. Read anew each
 * time, for certificates are renewed.
 * https://docs.docker.com/engine/security/certificates/
 */
export function certificatesIn(directory: string): CertificatesOf {
  return async (registry) => {
    const own = join(directory, registry);
    const names = (await unlessDenied(readdir(own)))?.sort() ?? [];
    const texts = names.filter((name) => name.endsWith(".crt")).map((name) => textOf(join(own, name)));
    const ca = (await Promise.all(texts)).filter((text) => text !== undefined).join("\n");
    const [client] = names.filter((name) => name.endsWith(".cert"));
    const shown = client === undefined ? undefined : await clientIn(own, client, names);
    return { ...(ca === "" ? {} : { ca }), ...(shown === undefined ? {} : { client: shown }) };
  };
}

async function clientIn(
  directory: string,
  name: string,
  names: readonly string[],
): Promise<ClientCertificate | undefined> {
  const keyName = `${name.slice(0, -".cert".length)}.key`;
  if (!names.includes(keyName)) {
    const message = `${join(directory, name)} has no ${keyName} beside it; add it, or call an authority's certificate .crt`;
    throw new GangwayError("registry_unreachable", message);
  }
  const [cert, key] = [await textOf(join(directory, name)), await textOf(join(directory, keyName))];
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

function textOf(path: string): Promise<string | undefined> {
  return unlessDenied(readFile(path, "utf8"));
}

const denials: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM"]);

async function unlessDenied<Found>(reading: Promise<Found>): Promise<Found | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && "code" in error && denials.has(error.code)) return undefined;
    throw new GangwayError("registry_unreachable", "The registry's certificates cannot be read", { cause: error });
  }
}
