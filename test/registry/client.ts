import { type ImageReference, parseImageReference } from "../../src/core/image-reference.ts";
import type { Credentials, Registry } from "../../src/core/ports.ts";
import type { RegistryLimits } from "../../src/core/registry-limit.ts";
import { createLog, createSecrets, type Secrets } from "../../src/lib/log.ts";
import { certificatesIn } from "../../src/registry/certificates.ts";
import { openRegistry, type RegistryOptions } from "../../src/registry/client.ts";
import { createRegistryLimits } from "../../src/registry/known-limits.ts";

/** Gangway's side of a registry, and what it says. */
export interface Client extends AsyncDisposable {
  readonly registry: Registry;
  /** The digest of an image, `127.0.0.1:5000/web:1`. */
  readonly digestOf: (image: string, signal?: AbortSignal) => Promise<string>;
  /** The lines of the log. */
  readonly lines: readonly string[];
  readonly secrets: Secrets;
  readonly limits: RegistryLimits;
  /** Sets its clock forward, by milliseconds. */
  readonly advance: (ms: number) => void;
}

export interface ClientWishes extends Partial<RegistryOptions> {
  readonly credentials?: (registry: string) => Credentials | undefined;
  /** What an earlier run knew. */
  readonly limits?: RegistryLimits;
  /** In the place of `/etc/docker/certs.d`. */
  readonly certificates?: string;
}

/** Opens a client that takes everything on 127.0.0.1 for insecure, as engines do, and does not wait between retries. */
export function openClient({
  credentials,
  limits = createRegistryLimits(),
  certificates = "/nowhere",
  ...options
}: ClientWishes = {}): Client {
  const lines: string[] = [];
  const secrets = createSecrets();
  let ahead = 0;
  const registry = openRegistry(
    {
      credentials: (name) => Promise.resolve(credentials?.(name)),
      log: createLog({ level: "trace", output: { write: (line) => lines.push(line) }, secrets }),
      secrets,
      clock: { now: () => Date.now() + ahead, elapsed: () => performance.now() + ahead },
      limits,
      certificates: certificatesIn(certificates),
    },
    {
      registries: [],
      isInsecure: (name) => name.startsWith("127.0.0.1"),
      concurrency: 5,
      proxies: { except: "" },
      ...options,
      timing: { retryMs: 1, ...options.timing },
    },
  );
  return {
    registry,
    digestOf: async (image, signal = new AbortController().signal) => registry.digestOf(referenceOf(image), signal),
    lines,
    secrets,
    limits,
    advance: (ms) => {
      ahead += ms;
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

function referenceOf(image: string): ImageReference {
  const reference = parseImageReference(image);
  if (reference.kind !== "reference") throw new Error(`${image} is no reference`);
  return reference;
}

export const alice: Credentials = { kind: "password", username: "alice", password: "wonderland" };

export function basicOf(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
