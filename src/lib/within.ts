/**
 * Settles as `pending` does. Rejects with `late()` where that takes longer than `ms` milliseconds, and with the reason of
 * `signal` as soon as it aborts; what is pending then goes on, and nobody waits for it.
 */
export function within<Result>(
  pending: Promise<Result>,
  { ms, late }: { readonly ms: number; readonly late: () => Error },
  signal?: AbortSignal,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abort = (): void => {
      end();
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      end();
      reject(late());
    }, ms);
    pending.then(resolve, reject).finally(end);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort);
  });
}
