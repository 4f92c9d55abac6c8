import { deadline } from "../../../lib/time.ts";
import type { ProfileSubject } from "../profile.ts";
import { type Answer, ok } from "./answers.ts";

/** As long as Docker Monitor Image waits for the engine. */
const patienceMs = 10_000;

/** The images that have no tag. An engine that does not answer has none, as in Docker Monitor Image. */
export async function danglingImages({ nodes }: ProfileSubject, signal: AbortSignal): Promise<Answer> {
  const lists = nodes().map(async ({ engine }) => {
    try {
      return await engine.images(deadline(patienceMs, signal));
    } catch {
      return [];
    }
  });
  const items = (await Promise.all(lists)).flat().filter(({ tags }) => tags.length === 0);
  return ok({ count: items.length, items: items.map(({ id, tags }) => ({ id, tags })) });
}
