import { setTimeout as timer } from "node:timers/promises";

/** Something that happened at a moment. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What has happened so far, and what is still to happen. */
export interface Tail<T extends Moment> {
  readonly records: readonly T[];
  readonly push: (record: T) => void;
  /**
   * Resolves with the first record from number `from` on that `matches`. Each record is shown once, in order, so that
   * `matches` may keep count. Throws after `ms` milliseconds, saying what was waited for.
   */
  readonly until: (matches: (record: T) => boolean, what: string, from: number, ms?: number) => Promise<T>;
  /** Resolves when nothing has happened for `ms` milliseconds. */
  readonly quiet: (ms: number) => Promise<void>;
}

const patienceMs = 90_000;

export function createTail<T extends Moment>(): Tail<T> {
  const records: T[] = [];
  const looking = new Set<(record: T) => void>();
  let last = performance.now();
  return {
    records,
    push: (record) => {
      last = performance.now();
      records.push(record);
      for (const look of looking) look(record);
    },
    until: (matches, what, from, ms = patienceMs) => {
      const past = records.slice(from).find(matches);
      if (past !== undefined) return Promise.resolve(past);
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const look = (record: T): void => {
        if (matches(record)) resolve(record);
      };
      looking.add(look);
      const impatience = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
      // Who gave up for another reason is not to be kept from ending.
      impatience.unref();
      return promise.finally(() => {
        clearTimeout(impatience);
        looking.delete(look);
      });
    },
    quiet: async (ms) => {
      const began = performance.now();
      for (;;) {
        const left = Math.max(began, last) + ms - performance.now();
        if (left <= 0) return;
        await timer(left);
      }
    },
  };
}
