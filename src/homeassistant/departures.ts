/** The devices that Home Assistant has been told of, kept over restarts. */
export interface DeviceLedger {
  /** Each container that has a device, and since when it is gone (ISO 8601, UTC), if it is. */
  readonly load: () => ReadonlyMap<string, string | null>;
  readonly save: (devices: ReadonlyMap<string, string | null>) => void;
}

/** Who is gone, and who has been gone for so long that Home Assistant may forget them. */
export interface Departures {
  readonly arrived: (name: string) => void;
  readonly left: (name: string) => void;
  /** Exactly these are there: all others with a device are gone. */
  readonly takeStock: (present: readonly string[]) => void;
  readonly departed: () => readonly string[];
  /** Those whose grace is over; they are struck off. */
  readonly due: () => readonly string[];
}

/**
 * A container that vanishes is often recreated, by compose or by hand: its device waits for `graceMs` before it is
 * removed, so that names, areas and automations survive.
 */
export function createDepartures(ledger: DeviceLedger, graceMs: number, now: () => number): Departures {
  const devices = new Map(ledger.load());
  const mark = (name: string, gone: string | null): void => {
    if (devices.get(name) === gone) return;
    devices.set(name, gone);
    ledger.save(devices);
  };
  const leave = (name: string): void => {
    if (devices.get(name) === null) mark(name, new Date(now()).toISOString());
  };
  return {
    arrived: (name) => mark(name, null),
    left: leave,
    takeStock: (present) => {
      const here = new Set(present);
      for (const name of devices.keys()) if (!here.has(name)) leave(name);
    },
    departed: () => [...devices].filter(([, gone]) => gone !== null).map(([name]) => name),
    due: () => {
      const over = [...devices].filter(([, gone]) => gone !== null && Date.parse(gone) + graceMs <= now());
      for (const [name] of over) devices.delete(name);
      if (over.length > 0) ledger.save(devices);
      return over.map(([name]) => name);
    },
  };
}
