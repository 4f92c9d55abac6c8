import type { Quota } from "../core/registry-limit.ts";
import type { Answer } from "./exchange.ts";

/**
 * What an answer tells of a quota; undefined where it tells none. `ratelimit-limit: 100;w=21600` with
 * `ratelimit-remaining: 20;w=21600`: 20 of 100 within 21600 seconds
 * (https://docs.docker.com/docker-hub/usage/pulls/#view-pull-rate-and-limit).
 */
export function quotaFrom({ header }: Pick<Answer, "header">): Quota | undefined {
  const limit = read(header("ratelimit-limit"));
  const remaining = read(header("ratelimit-remaining"));
  if (limit === undefined || remaining === undefined) return undefined;
  const windowSeconds = remaining.windowSeconds ?? limit.windowSeconds;
  return {
    limit: limit.count,
    remaining: remaining.count,
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
  };
}

/** The first of several, as in `100, 100;w=60`. */
function read(header: string): { readonly count: number; readonly windowSeconds: number | undefined } | undefined {
  const found = /^\s*(?<count>\d{1,9})\s*(?:;\s*w\s*=\s*(?<window>\d{1,9})\b)?/.exec(header)?.groups;
  if (found?.["count"] === undefined) return undefined;
  const seconds = Number(found["window"] ?? 0);
  return { count: Number(found["count"]), windowSeconds: seconds > 0 ? seconds : undefined };
}
