import type { Clock } from "../lib/time.ts";

/** Is it time to mention `subject` (again)? Yes the first time, and then once in a while. */
export type Mention = (subject: string) => boolean;

const everyMs = 60_000;
const most = 1_000;

/** Keeps a log readable that anyone on the network can write into: each subject once a minute. */
export function createMentions({ clock }: { readonly clock: Pick<Clock, "elapsed"> }): Mention {
  const mentioned = new Map<string, number>();
  return (subject) => {
    const now = clock.elapsed();
    const last = mentioned.get(subject);
    if (last !== undefined && now - last < everyMs) return false;
    mentioned.delete(subject);
    mentioned.set(subject, now);
    const [oldest] = mentioned.keys();
    if (mentioned.size > most && oldest !== undefined) mentioned.delete(oldest);
    return true;
  };
}
