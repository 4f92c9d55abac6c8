import type { ImageReference } from "./image-reference.ts";
import type { ImageDetails } from "./image-version.ts";

/** Home Assistant keeps it as an attribute of a state. */
const longestUrl = 1_000;

/** What a link to release notes is made from. */
export interface ReleaseFacts {
  /** The container's own label, `gangway.release-url`. */
  readonly label: string | undefined;
  readonly reference: ImageReference | undefined;
  /** Of the newest image that is known. */
  readonly details: ImageDetails | undefined;
  readonly version: string | undefined;
}

/**
 * Where to read what is new, by what image and container say of themselves; nobody is asked whether the page exists, so
 * it is one that always does where the version does not tell the tag's very name. Undefined where nothing is known.
 */
export function releaseUrl({ label, reference, details, version }: ReleaseFacts): string | undefined {
  return webUrl(label) ?? forgeUrl(details?.source, version) ?? forgeUrl(details?.url, version) ?? ownPageOf(reference);
}

/** An address that a browser may be sent to; undefined for all others. */
function webUrl(text: string | undefined): string | undefined {
  if (text === undefined || text.length > longestUrl || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
  return isPlain ? url.href : undefined;
}

/** A repository at GitHub or GitLab, from `https://github.com/owner/name.git#branch:directory` and the like. */
function forgeUrl(source: string | undefined, version: string | undefined): string | undefined {
  const page = webUrl(source?.replace(/^git\+/, "").replace(/^(?:ssh:\/\/)?git@([^/:]+)[/:]/, "https://$1/"));
  if (page === undefined) return undefined;
  const { hostname, pathname } = new URL(page);
  const path = pathname.split("/").filter((part) => part !== "");
  const tag = version !== undefined && isTagName(version) ? version : undefined;
  if (hostname === "github.com" || hostname === "www.github.com") {
    const [owner, name] = path;
    if (owner === undefined || name === undefined) return undefined;
    const releases = `https://github.com/${owner}/${withoutGit(name)}/releases`;
    return tag === undefined ? releases : `${releases}/tag/${encodeURIComponent(tag)}`;
  }
  if (hostname === "gitlab.com") {
    const end = path.indexOf("-");
    const project = path.slice(0, end < 0 ? path.length : end).map(withoutGit);
    if (project.length < 2) return undefined;
    const releases = `https://gitlab.com/${project.join("/")}/-/releases`;
    return tag === undefined ? releases : `${releases}/${encodeURIComponent(tag)}`;
  }
  return undefined;
}

function withoutGit(name: string): string {
  return name.replace(/\.git$/, "");
}

/**
 * Is this the name of a tag in the source repository as well? A bare `1.2.3` is as often as not the image's version of
 * the tag `v1.2.3`; with a `v`, a year or LinuxServer's suffix it is not.
 */
function isTagName(version: string): boolean {
  return /^v\d+(?:\.\d+)+(?:[-.+][\w.]+)*$|^\d+(?:\.\d+)+.*-ls\d+$|^20\d\d\.\d+(?:\.\d+)+$/.test(version);
}

/** What the name of the image alone tells. */
function ownPageOf(reference: ImageReference | undefined): string | undefined {
  if (reference === undefined) return undefined;
  const { registry, repository } = reference;
  const [owner = "", name = "", ...more] = repository.split("/");
  if (more.length > 0) return undefined;
  if (owner === "linuxserver" && ["docker.io", "lscr.io", "ghcr.io"].includes(registry)) {
    return `https://github.com/linuxserver/docker-${name}/releases`;
  }
  if (registry !== "docker.io") return undefined;
  return owner === "library"
    ? `https://hub.docker.com/_/${name}/tags`
    : `https://hub.docker.com/r/${owner}/${name}/tags`;
}
