import type { Credentials } from "../core/ports.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { hostnameOf, type Place } from "./place.ts";
import { fingerprintOf } from "./token.ts";

/** Repeated failed logins get an address locked out; a registry that was wrong once gets another chance. */
const restMs = 3_600_000;

/** Credentials that were of no use, and why. */
export interface Rejections {
  /** The registry does not take these credentials: they are not shown to it for an hour. */
  readonly add: (registry: string, credentials: Credentials) => void;
  readonly has: (registry: string, credentials: Credentials) => boolean;
  /** Credentials were not shown to the token server at `host`. */
  readonly withheld: (place: Place, host: string) => void;
  /** The token server that did not get to see the registry's credentials. */
  readonly withheldFrom: (registry: string) => string | undefined;
}

/** Says each thing once in the log: per registry and credentials. */
export function createRejections({
  log,
  clock,
}: {
  readonly log: Pick<Log, "warn">;
  readonly clock: Pick<Clock, "now">;
}): Rejections {
  const rejectedAt = new Map<string, number>();
  const withheldHosts = new Map<string, string>();
  const keyOf = (registry: string, credentials: Credentials): string => `${registry} ${fingerprintOf(credentials)}`;
  return {
    add: (registry, credentials) => {
      const key = keyOf(registry, credentials);
      if (!rejectedAt.has(key)) {
        const account = credentials.kind === "password" ? { username: credentials.username } : {};
        log.warn({ registry, ...account }, "a registry rejected its credentials; it is asked without them");
      }
      rejectedAt.set(key, clock.now());
    },
    has: (registry, credentials) => {
      const since = rejectedAt.get(keyOf(registry, credentials));
      const passed = since === undefined ? restMs : clock.now() - since;
      return passed >= 0 && passed < restMs;
    },
    withheld: ({ registry }, host) => {
      if (withheldHosts.get(registry) === host) return;
      withheldHosts.set(registry, host);
      const fields = { registry, tokenServer: hostnameOf(host) };
      log.warn(fields, "credentials are not shown to a token server on another host than the registry's");
    },
    withheldFrom: (registry) => withheldHosts.get(registry),
  };
}
