import type { Entry } from "../core/ports.ts";

/** The devices that Home Assistant has been told of, kept over restarts. */
export interface DeviceLedger {
  /** Each container that has a device, and since when it is gone (ISO 8601, UTC), if it is. */
  readonly load: () => ReadonlyMap<string, string | null>;
  readonly save: (devices: ReadonlyMap<string, string | null>) => void;
}

/** A container that is gone, but still has a device. */
export interface Departed {
  readonly name: string;
  /** What was last known of it; absent where it went while nobody looked. */
  readonly last?: Entry;
}

/** Who is gone, and who has been gone for so long that Home Assistant may forget them. */
export interface Departures {
  readonly arrived: (name: string) => void;
  readonly left: (name: string, last: Entry) => void;
  /** Exactly these are there: all others with a device are gone. */
  readonly takeStock: (present: readonly string[]) => void;
  readonly departed: () => readonly Departed[];
  /** Those whose grace is over, until they are struck off. */
  readonly due: () => readonly string[];
  /** The device is removed; false where the container has come back meanwhile, or was struck off before. */
  readonly strike: (name: string) => boolean;
}

/**
 * A container that vanishes is often recreated, by compose or by hand: its device waits for `graceMs` before it is
 * removed, so that names, areas and automations survive.
 */
export function createDepartures(ledger: DeviceLedger, graceMs: number, now: () => number): Departures {
  const devices = new Map(ledger.load());
  const looks = new Map<string, Entry>();
  const mark = (name: string, gone: string | null): void => {
    if (devices.get(name) === gone) return;
    devices.set(name, gone);
    ledger.save(devices);
  };
  const leave = (name: string): void => {
    if (devices.get(name) === null) mark(name, new Date(now()).toISOString());
  };
  return {
    arrived: (name) => {
      looks.delete(name);
      mark(name, null);
    },
    left: (name, last) => {
      if (devices.has(name)) looks.set(name, last);
      leave(name);
    },
    takeStock: (present) => {
      const here = new Set(present);
      for (const name of devices.keys()) if (!here.has(name)) leave(name);
    },
    departed: () =>
      [...devices].flatMap(([name, gone]) => {
        const last = looks.get(name);
        return gone === null ? [] : [{ name, ...(last === undefined ? {} : { last }) }];
      }),
    due: () =>
      [...devices].filter(([, gone]) => gone !== null && Date.parse(gone) + graceMs <= now()).map(([name]) => name),
    strike: (name) => {
      if ((devices.get(name) ?? null) === null) return false;
      devices.delete(name);
      looks.delete(name);
      ledger.save(devices);
      return true;
    },
  };
}
