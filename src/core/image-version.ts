import type { Annotations } from "./remote-manifest.ts";

/** What an image says of itself. All of it is untrusted text, cut to a sensible length. */
export interface ImageDetails {
  readonly version?: string;
  /** The image that it was built from, where that one has left its name: `ubuntu`. */
  readonly base?: string;
  /** The commit that it was built from. */
  readonly revision?: string;
  /** Where its source code is. */
  readonly source?: string;
  readonly url?: string;
  /** RFC 3339 */
  readonly created?: string;
}

/**
 * Where each detail stands, best first: the annotations of the image specification, those of Label Schema, which came
 * before, and LinuxServer's own. https://github.com/opencontainers/image-spec/blob/main/annotations.md
 */
const names = {
  version: ["org.opencontainers.image.version", "org.label-schema.version", "build_version"],
  base: ["org.opencontainers.image.ref.name", "org.label-schema.name"],
  revision: ["org.opencontainers.image.revision", "org.label-schema.vcs-ref"],
  source: ["org.opencontainers.image.source", "org.label-schema.vcs-url"],
  url: ["org.opencontainers.image.url", "org.label-schema.url"],
  created: ["org.opencontainers.image.created", "org.label-schema.build-date"],
} as const satisfies Readonly<Record<keyof ImageDetails, readonly string[]>>;

const longest = { version: 64, base: 64, revision: 64, source: 512, url: 512, created: 40 } as const;

/** The details in an image's labels and annotations; of several places the first that says something counts. */
export function detailsFrom(...places: readonly (Annotations | null | undefined)[]): ImageDetails {
  const details: Partial<Record<keyof ImageDetails, string>> = {};
  for (const key of Object.keys(names) as (keyof ImageDetails)[]) {
    const found = places
      .flatMap((place) => names[key].map((name) => readable(name, place?.[name])))
      .find((text) => text !== "" && text.length <= longest[key]);
    if (found !== undefined) details[key] = found;
  }
  return details;
}

/** Reproducible builds and some formats have no time of their own: 1970, 1980, or the year 1. */
const earliest = Date.UTC(2000, 0);

/**
 * The details of an image's configuration. A label can be the one of the image that it was built from: when it was built
 * is what the configuration itself says (`created`, RFC 3339), or nothing.
 */
export function detailsOfConfig(labels: Annotations | null | undefined, created: string | undefined): ImageDetails {
  const { created: _, ...details } = detailsFrom(labels);
  const isTold = created !== undefined && created.length <= longest.created && Date.parse(created) >= earliest;
  return { ...details, ...(isTold ? { created } : {}) };
}

/** What both say, the better one first. */
export function mergedDetails(better: ImageDetails | undefined, other: ImageDetails | undefined): ImageDetails {
  return { ...other, ...better };
}

/** `Linuxserver.io version:- v4.0.3-ls215 Build-date:- 2026-03-01` */
const linuxServerVersion = /version:-?\s*(?<version>\S+)/i;

function readable(name: string, text: string | undefined): string {
  const own = name === "build_version" ? linuxServerVersion.exec(text ?? "")?.groups?.["version"] : text;
  const trimmed = own?.trim() ?? "";
  return /^[\x20-\x7e]*$/.test(trimmed) ? trimmed : "";
}

/** Branches, commits and build systems' empty variables: they do not tell one image from the next. */
const noVersion =
  /^(?:latest|main|master|trunk|develop|dev|head|pr)(?:[-_./].*)?$|^sha[-_]|^(?=.*[a-f])[0-9a-f]{7,40}$|[\s${}<>]/i;
const allZero = /^[v0.]+$/;

/**
 * The version for people: undefined where the image has none, or only a word that is no version, or only the one of the
 * image that it was built from. `repository` is its own: `library/ubuntu`. `other` is what it is compared with.
 */
export function humanVersion(
  details: ImageDetails | undefined,
  repository: string,
  other?: ImageDetails,
): string | undefined {
  const version = details?.version;
  if (version === undefined || !/\d/.test(version) || noVersion.test(version) || allZero.test(version))
    return undefined;
  return isOfBase(details, repository, other) ? undefined : version;
}

/** Distributions whose images tell their own release in labels that everything built from them inherits. */
const distributions = ["ubuntu", "debian", "alpine", "fedora", "centos", "rockylinux", "almalinux", "ubi"];
const distributionRelease = /^\d{1,2}(?:\.\d{1,2})?(?:-\d+)?$/;

function isOfBase(
  { version = "", base }: ImageDetails = {},
  repository: string,
  other: ImageDetails | undefined,
): boolean {
  const own = repository.slice(repository.lastIndexOf("/") + 1);
  if (distributions.includes(own) || !distributionRelease.test(version)) return false;
  const isNamed = distributions.some((name) => base?.toLowerCase().startsWith(name) === true);
  // Ubuntu's releases come twice a year; two different images with the same one are more likely to stand on it.
  return isNamed || (/^2\d\.(?:04|10)$/.test(version) && other?.version === version);
}
