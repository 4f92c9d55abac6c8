import { GangwayError } from "../lib/errors.ts";
import type { Answer } from "./exchange.ts";
import { isSafe, type Place } from "./place.ts";

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Where `answer`, which came from `url`, sends its reader; undefined where it does not. Rejects a way out of TLS. What
 * was shown to `url` must not be shown to another origin.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#redirects
 */
export function followRedirect(place: Place, url: URL, answer: Pick<Answer, "status" | "header">): URL | undefined {
  if (!redirects.has(answer.status)) return undefined;
  const location = answer.header("location");
  const next = location !== "" && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (next !== undefined && isSafe(place, next)) return next;
  const message = `${url.host} sends its clients to an address that cannot be followed; is there a registry at this address?`;
  throw new GangwayError("registry_answer_invalid", message);
}
