import { canonicalText, type ImageReference } from "../core/image-reference.ts";
import type { ClientCertificate, HostCertificates } from "./certificates.ts";

/** How a registry's certificate is judged. */
export interface Trust {
  /** False: any certificate is taken. */
  readonly verified: boolean;
  /** PEM: authorities that are trusted besides the system's. */
  readonly ca?: string;
  /** What Gangway shows where it is asked who it is: for the registry's own host only. */
  readonly client?: ClientCertificate;
}

/** A repository at a registry, and how to talk to that registry. */
export interface Place {
  /** As in image references: `docker.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  readonly repository: string;
  /** The whole reference, for messages. */
  readonly reference: string;
  /** Where its API is: a host, with the port where it has one. */
  readonly apiHost: string;
  /** Plain HTTP will do. */
  readonly insecure: boolean;
  readonly trust: Trust;
  /** A token server elsewhere that may see its credentials: a host name. */
  readonly tokenHost?: string;
}

/** What is set for one registry. */
export interface RegistrySettings {
  /** As in image references. */
  readonly host: string;
  /** Any certificate is taken, and plain HTTP where it speaks no TLS. */
  readonly insecure?: boolean;
  /** PEM: authorities that are trusted besides the system's. Turns verification on where the engine does without. */
  readonly ca?: string;
  /** The host name of its token server, where that is another one and may see the registry's credentials. */
  readonly tokenHost?: string;
  /** The registry that it is asked in place of. */
  readonly mirrorOf?: string;
}

const dockerHub = "docker.io";
const dockerHubApi = "registry-1.docker.io";
const dockerHubNames: ReadonlySet<string> = new Set([dockerHub, "index.docker.io", dockerHubApi]);

/** The token servers of public registries that are not on the registry's own host. */
const knownTokenHosts: Readonly<Record<string, string>> = {
  [dockerHub]: "auth.docker.io",
  "lscr.io": "ghcr.io",
  "registry.gitlab.com": "gitlab.com",
};

/** The one name of a registry: in lower case, and `docker.io` for all names of Docker Hub. */
export function registryName(host: string): string {
  const name = host.toLowerCase();
  return dockerHubNames.has(name) ? dockerHub : name;
}

/** The host name or address in `host:port`; an IPv6 address without its brackets. */
export function hostnameOf(host: string): string {
  return host
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "")
    .toLowerCase();
}

/** Where and how to ask about `reference`. */
export function placeOf(
  reference: ImageReference,
  {
    registries,
    isInsecure,
  }: {
    readonly registries: readonly RegistrySettings[];
    readonly isInsecure: (registry: string) => boolean;
  },
): Place {
  const registry = registryName(reference.registry);
  const settings = registries.find(({ host }) => registryName(host) === registry);
  const ca = settings?.ca;
  const insecure = settings?.insecure === true || (ca === undefined && isInsecure(registry));
  const tokenHost = settings?.tokenHost ?? knownTokenHosts[registry];
  return {
    registry,
    repository: reference.repository,
    reference: canonicalText(reference),
    apiHost: registry === dockerHub ? dockerHubApi : registry,
    insecure,
    trust: { verified: !insecure, ...(ca === undefined ? {} : { ca }) },
    ...(tokenHost === undefined ? {} : { tokenHost }),
  };
}

/** The place with the certificates that are kept for its registry beside its settings. */
export function withCertificates(place: Place, { ca, client }: HostCertificates): Place {
  const { trust } = place;
  const authorities = [trust.ca, ca].filter((text) => text !== undefined).join("\n");
  return {
    ...place,
    trust: {
      ...trust,
      ...(authorities === "" ? {} : { ca: authorities }),
      ...(client === undefined ? {} : { client }),
    },
  };
}

/** How the server at `url` is judged, and what it is shown. */
export function trustFor(place: Place, url: URL): Trust {
  const { client, ...others } = place.trust;
  return client === undefined || isOwnHost(place, url) ? place.trust : others;
}

/** Is this the registry itself, on whatever port, and not a server that it sends its clients to? */
export function isOwnHost(place: Place, url: URL): boolean {
  return hostnameOf(url.host) === hostnameOf(place.apiHost);
}

/** May `url` be asked at all? The registry chose it, so it must not lead out of TLS. */
export function isSafe(place: Place, url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && place.insecure);
}

/** May the server at `url`, which the registry named, see the registry's credentials? */
export function mayReceiveCredentials(place: Place, url: URL): boolean {
  return isSafe(place, url) && (isOwnHost(place, url) || hostnameOf(url.host) === place.tokenHost?.toLowerCase());
}
