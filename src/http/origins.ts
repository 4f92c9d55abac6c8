import { isIP } from "node:net";

/** What a request says of the page that it was sent by; absent where no browser sent it. */
export interface PageHeaders {
  readonly origin: string | undefined;
  /** The `Host` header. */
  readonly host: string | undefined;
  /** `Sec-Fetch-Site`: what browsers say that leave `Origin` out. */
  readonly site: string | undefined;
}

/** Where a request comes from, as a browser tells it; `untold`: it does not, and the name could be any page's. */
export type Page = "none" | "own" | "allowed" | "foreign" | "untold";

/**
 * Which page has sent a request: none (or one that the address bar opened), one of this server, one of `cors`, or another
 * one, which anybody may have lured the user to. Browsers always send `Origin` with what can change something.
 * Where no key is asked for (`isOpen`), a page that was opened by a name is not taken for the server's own: whoever has a
 * name can let it lead here once his page is open (DNS rebinding). Without TLS such a page reads with neither header, as a
 * script does that was given a name: that is `untold`.
 */
export function pageOf({ origin, host, site }: PageHeaders, cors: readonly string[], isOpen: boolean): Page {
  // The site also behind a proxy that changes `Host`; a page cannot forge this header.
  const isOwn = site === "same-origin" || (origin !== undefined && URL.parse(origin)?.host === host?.toLowerCase());
  if (isOwn && (!isOpen || isNobodysName(host))) return "own";
  if (origin === undefined) {
    if (isOwn || site === "cross-site" || site === "same-site") return "foreign";
    return isOpen && !isNobodysName(host) && !isListed(host, cors) ? "untold" : "none";
  }
  return cors.includes(origin) || cors.includes("*") ? "allowed" : "foreign";
}

/** An address, or a name without a dot, such as `localhost` or a container's: no site of the Internet has one. */
function isNobodysName(host: string | undefined): boolean {
  const name = URL.parse(`http://${host ?? ""}`)?.hostname ?? "";
  return (name !== "" && !name.includes(".")) || isIP(name.replace(/^\[|\]$/g, "")) !== 0;
}

/** Do pages that are opened by this name count as allowed? */
function isListed(host: string | undefined, cors: readonly string[]): boolean {
  return cors.some((origin) => origin === "*" || URL.parse(origin)?.host === host?.toLowerCase());
}

/** The headers that let a page of `origin` read the answer (https://fetch.spec.whatwg.org/#http-responses). */
export function corsHeaders(origin: string): Readonly<Record<string, string>> {
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "location, retry-after",
    vary: "origin",
  };
}

/** What the answer to a preflight has besides: credentials come in headers of ours, never in cookies. */
export const preflightHeaders: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE",
  "access-control-allow-headers": "authorization, content-type, x-api-key, last-event-id",
  "access-control-max-age": "600",
};
