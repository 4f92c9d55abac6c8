import type { Inventory } from "../core/ports.ts";
import { limitsAt, type RegistryLimits } from "../core/registry-limit.ts";
import type { Clock } from "../lib/time.ts";

/** A clock that was set forward in between is noticed within this time. */
const longestPauseMs = 60_000;

/** Keeps in the inventory what registries tell of their limits now, until `signal` aborts: also that a wait is over. */
export function showRegistryLimits(
  {
    inventory,
    limits,
    clock,
  }: {
    readonly inventory: Pick<Inventory, "setRegistryLimits">;
    readonly limits: Pick<RegistryLimits, "all" | "subscribe">;
    readonly clock: Pick<Clock, "now">;
  },
  signal: AbortSignal,
): void {
  let timer: NodeJS.Timeout | undefined;
  const show = (): void => {
    clearTimeout(timer);
    const { facts, until } = limitsAt(limits.all(), clock.now());
    inventory.setRegistryLimits(facts);
    if (until !== undefined) timer = setTimeout(show, Math.min(longestPauseMs, Math.max(0, until - clock.now())));
  };
  if (signal.aborted) return;
  const subscription = limits.subscribe(show);
  show();
  signal.addEventListener("abort", () => {
    subscription[Symbol.dispose]();
    clearTimeout(timer);
  });
}
