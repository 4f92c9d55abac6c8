import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../lib/time.ts";
import type { KeyHolder } from "./keys.ts";

/** Who has logged in; forgotten when Gangway ends. */
export interface Sessions {
  /** A token to keep in a cookie, good for `sessionSeconds`. */
  readonly begin: (holder: KeyHolder) => string;
  readonly holderOf: (token: string) => KeyHolder | undefined;
  readonly end: (token: string) => void;
}

export const sessionSeconds = 86_400;

/** The oldest goes when there are more. */
const most = 1_000;

/** Keeps the hashes of tokens only. */
export function createSessions({ clock }: { readonly clock: Pick<Clock, "elapsed"> }): Sessions {
  const sessions = new Map<string, { readonly holder: KeyHolder; readonly until: number }>();
  return {
    begin: (holder) => {
      const token = randomBytes(24).toString("base64url");
      sessions.set(hashOf(token), { holder, until: clock.elapsed() + sessionSeconds * 1_000 });
      const [oldest] = sessions.keys();
      if (sessions.size > most && oldest !== undefined) sessions.delete(oldest);
      return token;
    },
    holderOf: (token) => {
      const hash = hashOf(token);
      const session = sessions.get(hash);
      if (session === undefined) return undefined;
      if (clock.elapsed() < session.until) return session.holder;
      sessions.delete(hash);
      return undefined;
    },
    end: (token) => {
      sessions.delete(hashOf(token));
    },
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
