/** Puts a call off until a key has been quiet for a while. */
export interface Bursts {
  /** Something happened to `key`: its call comes when nothing more has happened for `quietMs`, after `longestMs` at the latest. */
  readonly touch: (key: string) => void;
}

/** Calls `over(key)` once for each burst of touches; nothing any more after `signal` aborted. */
export function createBursts(
  limits: { readonly quietMs: number; readonly longestMs: number },
  over: (key: string) => void,
  signal: AbortSignal,
): Bursts {
  const running = new Map<string, { readonly since: number; timer: NodeJS.Timeout }>();
  signal.addEventListener("abort", () => {
    for (const { timer } of running.values()) clearTimeout(timer);
    running.clear();
  });
  return {
    touch: (key) => {
      if (signal.aborted) return;
      const now = performance.now();
      const burst = running.get(key);
      if (burst !== undefined) clearTimeout(burst.timer);
      const since = burst?.since ?? now;
      const wait = Math.max(0, Math.min(limits.quietMs, since + limits.longestMs - now));
      const timer = setTimeout(() => {
        running.delete(key);
        over(key);
      }, wait);
      running.set(key, { since, timer });
    },
  };
}
