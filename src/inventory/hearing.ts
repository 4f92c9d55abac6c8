/** Tells which containers were heard of while something was being asked: of them the answer may be out of date. */
export interface Hearing {
  readonly hear: (id: string) => void;
  /** Listens from now on until it is disposed of; nothing is kept while nobody listens. */
  readonly listen: () => Listening;
}

export interface Listening extends Disposable {
  readonly heard: (id: string) => boolean;
}

export function createHearing(): Hearing {
  const open = new Set<Set<string>>();
  return {
    hear: (id) => {
      for (const ids of open) ids.add(id);
    },
    listen: () => {
      const ids = new Set<string>();
      open.add(ids);
      return {
        heard: (id) => ids.has(id),
        [Symbol.dispose]: () => {
          open.delete(ids);
        },
      };
    },
  };
}
