/** Writes values that replace one another: one write at a time, and of those that come meanwhile only the newest. */
export interface LatestWriter<Value> {
  readonly put: (value: Value) => void;
  /** Resolves when all that was put before is written, or has failed. */
  readonly settled: () => Promise<void>;
}

/** `onFailure` hears of a write that failed; the next value is written all the same. */
export function createLatestWriter<Value>(
  write: (value: Value) => Promise<void>,
  onFailure: (error: unknown) => void,
): LatestWriter<Value> {
  let next: { readonly value: Value } | undefined;
  let running: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    // A burst of changes in the same turn is one write.
    await Promise.resolve();
    while (next !== undefined) {
      const { value } = next;
      next = undefined;
      await write(value).catch(onFailure);
    }
    running = undefined;
  };
  return {
    put: (value) => {
      next = { value };
      running ??= drain();
    },
    settled: async () => {
      await running;
    },
  };
}
