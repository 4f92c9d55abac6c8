import { holderOf } from "../lib/addresses.ts";

/** Logins that are being looked at: each costs megabytes and a part of a second. */
export interface Attempts {
  /** Undefined where `address`, or its network of IPv6, has too many already. */
  readonly begin: (address: string) => Disposable | undefined;
}

const mostOfOne = 4;
const mostOfAll = 32;

export function createAttempts(): Attempts {
  const running = new Map<string, number>();
  let all = 0;
  return {
    begin: (address) => {
      const holder = holderOf(address);
      const own = running.get(holder) ?? 0;
      if (own >= mostOfOne || all >= mostOfAll) return undefined;
      running.set(holder, own + 1);
      all += 1;
      return {
        [Symbol.dispose]: () => {
          all -= 1;
          const left = (running.get(holder) ?? 1) - 1;
          if (left === 0) running.delete(holder);
          else running.set(holder, left);
        },
      };
    },
  };
}
