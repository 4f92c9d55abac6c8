/**
 * What stands in a container's `Config.Image`, parsed by the grammar of distribution/reference
 * (https://pkg.go.dev/github.com/distribution/reference).
 */
export interface ImageReference {
  readonly kind: "reference";
  /** Registry host with port: `docker.io`, `ghcr.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  /** Repository path at that registry: `library/nginx`, `linuxserver/calibre`. */
  readonly repository: string;
  /** `latest` where the text names neither tag nor digest; absent where it names a digest only. */
  readonly tag?: string;
  /** `sha256:…` where the reference is pinned. */
  readonly digest?: string;
}

/** The text names no repository: it is an image id, or nothing that the grammar knows. */
export type NoReference =
  | { readonly kind: "id"; readonly text: string }
  | { readonly kind: "invalid"; readonly text: string };

const dockerHub = "docker.io";
const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = new RegExp(
  `^(?:${domainComponent}(?:\\.${domainComponent})*|\\[(?:[a-fA-F0-9:]+)\\])(?::(?<port>[0-9]+))?$`,
);
const pathComponent = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryPath = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** The algorithms that engines know (https://pkg.go.dev/github.com/opencontainers/go-digest#pkg-constants). */
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const imageId = /^(?:sha256:)?[0-9a-f]{64}$/;
/** Of a repository, without its registry. */
const longestPath = 255;

/** Parses a reference in familiar (`nginx`) or full form (`docker.io/library/nginx:latest`). */
export function parseImageReference(text: string): ImageReference | NoReference {
  if (imageId.test(text)) return { kind: "id", text };
  const invalid: NoReference = { kind: "invalid", text };
  const { name, tag, digest } = split(text);
  if (tag !== undefined && !tagPattern.test(tag)) return invalid;
  if (digest !== undefined && !digestPattern.test(digest)) return invalid;
  const { registry, path } = splitDomain(name);
  const repository = registry === dockerHub && !path.includes("/") ? `library/${path}` : path;
  const port = domain.exec(registry)?.groups?.["port"];
  if (!domain.test(registry) || (port !== undefined && Number(port) > 65_535)) return invalid;
  if (!repositoryPath.test(repository) || repository.length > longestPath) return invalid;
  const effectiveTag = tag ?? (digest === undefined ? "latest" : undefined);
  return {
    kind: "reference",
    registry,
    repository,
    ...(effectiveTag === undefined ? {} : { tag: effectiveTag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Could `text` be a tag? */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

function split(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  return colon < 0
    ? { name: rest, tag: undefined, digest }
    : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest };
}

/** The first component is a registry only if it looks like a host: it has a dot, a colon or capitals, or is `localhost`. */
function splitDomain(name: string): { registry: string; path: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isHost = slash > 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  if (!isHost) return { registry: dockerHub, path: name };
  const registry = first === "index.docker.io" ? dockerHub : first;
  return { registry, path: name.slice(slash + 1) };
}

/** The full repository name: `docker.io/library/nginx`. Two references are of the same repository iff these are equal. */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.registry}/${reference.repository}`;
}

/** The canonical text: `docker.io/library/nginx:1.27`, one for all the ways to write the same reference. */
export function canonicalText(reference: ImageReference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${repositoryOf(reference)}${tag}${digest}`;
}

/** As Docker prints it: without `docker.io/` and `library/`. */
export function familiarText(reference: ImageReference): string {
  const full = canonicalText(reference);
  if (reference.registry !== dockerHub) return full;
  const short = full.slice(dockerHub.length + 1);
  return short.startsWith("library/") && !short.slice("library/".length).includes("/") ? short.slice(8) : short;
}

/** `text`, an image reference without digest, as it is written but with another tag: `nginx:1` as `nginx:2`. */
export function withTag(text: string, tag: string): string {
  return `${split(text).name}:${tag}`;
}

/** The digests among `repoDigests` (`name@sha256:…`) that stand for `reference`'s repository, in their order. */
export function digestsOfRepository(repoDigests: readonly string[], reference: ImageReference): readonly string[] {
  const repository = repositoryOf(reference);
  return repoDigests.flatMap((text) => {
    const parsed = parseImageReference(text);
    return parsed.kind === "reference" && parsed.digest !== undefined && repositoryOf(parsed) === repository
      ? [parsed.digest]
      : [];
  });
}
