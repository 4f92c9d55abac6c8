import type { Caller } from "../../access.ts";
import type { Attempts } from "../../attempts.ts";
import type { GateDependencies } from "../../gate.ts";
import type { ProfileSubject } from "../profile.ts";
import type { RecentIds } from "./recent-ids.ts";

/** A request, as far as routes look at it. */
export interface Asked {
  readonly method: string;
  /** What stands in place of the `*` in the path, decoded. */
  readonly rest: string;
  readonly body: string;
  readonly caller: Caller | null;
  /** The token in the cookie; empty where there is none. */
  readonly token: string;
  /** The path that cookies are for. */
  readonly cookiePath: string;
  readonly isSecure: boolean;
  /** Must somebody be known here? */
  readonly auth: boolean;
  /** Aborts when the server closes: not when whoever asked has gone, who would be rid of a wait so. */
  readonly closing: AbortSignal;
}

/** What the routes are about, with what they remember for a moment. */
export interface WatcherSubject extends ProfileSubject, Pick<GateDependencies, "failures" | "mention" | "log"> {
  readonly recent: RecentIds;
  readonly attempts: Attempts;
}

/** The JSON in a body; undefined where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
