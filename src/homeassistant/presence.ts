/** Whether Home Assistant is there, as far as its birth and will messages tell. */
export interface Presence {
  /** A connection to the broker is new: whoever was there may have to connect again. */
  readonly begin: () => void;
  /** A message on the birth topic. */
  readonly hear: (payload: string) => void;
  /** Would it hear now that a device is removed? It never learns of one that was removed while it was away. */
  readonly wouldHear: () => boolean;
}

const minute = 60_000;

/**
 * For how long a removal waits after each. A birth is followed by all devices: they have to be known first. Where nobody
 * says anything, Home Assistant has been there for long, or has just been started together with Gangway. One that has
 * gone for good, or that says its will but no birth, is not waited for for ever.
 */
const waitMs = { online: minute, silent: 2 * minute, offline: 7 * 24 * 60 * minute } as const;

export function createPresence(now: () => number): Presence {
  let word: keyof typeof waitMs = "silent";
  let since = now();
  const note = (heard: typeof word): void => {
    word = heard;
    since = now();
  };
  return {
    begin: () => {
      // A will that was heard still holds: only a birth takes it back.
      if (word !== "offline") note("silent");
    },
    hear: (payload) => {
      if (payload === "online" || (payload === "offline" && word !== "offline")) note(payload);
    },
    wouldHear: () => now() - since >= waitMs[word],
  };
}
