import type { Credentials } from "../core/ports.ts";
import type { Challenge } from "./challenge.ts";
import { isOwnHost, isSafe, mayReceiveCredentials, type Place } from "./place.ts";

/** How to satisfy a server that has challenged. */
export type Way =
  | { readonly kind: "none" }
  /** Nobody can be asked for a token, but this server wants one. */
  | { readonly kind: "unusable"; readonly realm: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "ready"; readonly token: string }
  | {
      readonly kind: "bearer";
      readonly realm: URL;
      readonly service: string;
      readonly scope: string;
      /** What the token server is shown; absent: it is asked as anybody. */
      readonly credentials?: Exclude<Credentials, { readonly kind: "registry_token" }>;
      /** It would have been shown these, were it the registry's own. */
      readonly withheld: boolean;
    };

/**
 * Chooses among the challenges of the server at `url`: a token where one can be had with the credentials, else Basic,
 * else a token for anybody. The scope is our own: what a challenge names can be a placeholder, or more than is needed.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export function wayFor(
  place: Place,
  url: URL,
  challenges: readonly Challenge[],
  credentials: Credentials | undefined,
): Way {
  if (credentials?.kind === "registry_token") {
    return isOwnHost(place, url) && challenges.length > 0
      ? { kind: "ready", token: credentials.token }
      : { kind: "none" };
  }
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  const basic = challenges.some(({ scheme }) => scheme === "basic");
  const text = bearer?.parameters.get("realm") ?? "";
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  const isUsable = realm !== undefined && isSafe(place, realm);
  const isShown = isUsable && credentials !== undefined && mayReceiveCredentials(place, realm);
  if (basic && !isShown && credentials?.kind === "password" && isOwnHost(place, url)) {
    return { kind: "basic", username: credentials.username, password: credentials.password };
  }
  if (bearer === undefined) return { kind: "none" };
  if (!isUsable) return { kind: "unusable", realm: text };
  return {
    kind: "bearer",
    realm,
    service: bearer.parameters.get("service") ?? "",
    scope: `repository:${place.repository}:pull`,
    ...(isShown ? { credentials } : {}),
    withheld: credentials !== undefined && !isShown,
  };
}
