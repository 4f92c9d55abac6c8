/** Those who want to hear of something. */
export interface Listeners<News> {
  /** Tells everyone at once, in the order in which they came. */
  readonly tell: (news: News) => void;
  readonly subscribe: (listener: (news: News) => void) => Disposable;
}

export function createListeners<News>(): Listeners<News> {
  const listeners = new Set<(news: News) => void>();
  return {
    tell: (news) => {
      for (const listener of [...listeners]) listener(news);
    },
    subscribe: (listener) => {
      // Of its own, so that the same function may listen twice.
      const own = (news: News): void => listener(news);
      listeners.add(own);
      return {
        [Symbol.dispose]: () => {
          listeners.delete(own);
        },
      };
    },
  };
}
