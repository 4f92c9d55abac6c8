import { isSuccess } from "../../../core/operation.ts";
import { deadline, untilAborted } from "../../../lib/time.ts";
import { sourceOf } from "../../access.ts";
import type { ProfileSubject } from "../profile.ts";
import { type Answer, ok } from "./answers.ts";
import type { Asked } from "./routes.ts";

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

/** The Home Assistant integration waits for a minute; it does not ask for this, but scripts like it might. */
const pruneMs = 55_000;

/** Removes the images that have no tag, and that nothing needs; answers in Docker's own words. */
export async function pruneImages({ nodes }: ProfileSubject, { caller, signal }: Asked): Promise<Answer> {
  const orders = nodes().map(({ operations }) =>
    operations.submit({ kind: "prune", what: "images" }, sourceOf(caller)),
  );
  const all = Promise.all(orders.map(({ done }) => done));
  const results = await Promise.race([all, untilAborted(deadline(pruneMs, signal))]);
  if (results === undefined) return { status: 202, body: { message: "prune in progress" } };
  const bad = results.find(({ state }) => !isSuccess(state));
  if (bad?.state === "rejected" || bad?.state === "cancelled") {
    return { status: 409, body: { error: `prune_${bad.state}`, message: bad.message } };
  }
  if (bad !== undefined) return { status: 500, body: { error: bad.message } };
  const removed = results.flatMap(({ prune }) => prune?.removed ?? []);
  return ok({
    ImagesDeleted: removed.length === 0 ? null : removed.map(({ id }) => ({ Deleted: id })),
    SpaceReclaimed: results.reduce((bytes, { prune }) => bytes + (prune?.reclaimedBytes ?? 0), 0),
  });
}
