import { setTimeout as timer } from "node:timers/promises";

/**
 * Asks `condition` every few milliseconds until it holds: for what sends no event, such as another process becoming
 * ready. Throws after `ms` milliseconds, saying what was waited for.
 */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await timer(10);
  }
}
