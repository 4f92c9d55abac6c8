import type { ServedNode } from "../../../core/doors.ts";
import { currentCheck } from "../../../core/entry.ts";
import { deadline, untilAborted } from "../../../lib/time.ts";
import { type Caller, sourceOf } from "../../access.ts";
import type { ProfileSubject } from "../profile.ts";
import { type Answer, ok } from "./answers.ts";
import { lightMetaOf, metaOf, updateWordOf } from "./meta.ts";
import { allFound, type Found, foundAs } from "./names.ts";
import type { Asked } from "./routes.ts";

/*
 * What is known, and what it was found out by: the inventory answers, no engine and no registry is waited for.
 */

/**
 * How old a check may be before `force=1` begins another one. The Home Assistant integration sends it every 30 seconds,
 * whatever anybody wants: so often the registries are not asked. An hour is what Docker Monitor Image itself remembers
 * answers for.
 */
const forcedAfterMs = 3_600_000;
/** The same for one container, of which somebody wants to know. */
const forcedOneAfterMs = 60_000;
/** As long as Docker Monitor Image waits for a registry. */
const oneCheckMs = 12_000;

/** All containers that are watched. */
export function statusOfAll(subject: ProfileSubject, { query, caller }: Asked): Answer {
  const nodes = subject.nodes().filter(isKnown);
  // As if there were none, every entity would forget what it knows.
  if (nodes.length === 0) return { status: 500 };
  if (isSet(query["force"])) for (const node of nodes) beginCheck(subject, node, caller);
  return statusOf(allFound(nodes, subject), isSet(query["light"]));
}

/** One container, by its name or the beginning of its id. */
export async function statusOfOne(subject: ProfileSubject, asked: Asked): Promise<Answer> {
  const { query, params } = asked;
  const name = params["name"] ?? "";
  const found = foundAs(subject, name);
  if (found === undefined) {
    if (!subject.nodes().some(isKnown)) return notKnown();
    return ok({
      meta: Object.fromEntries([[name, {}]]),
      status: "ok",
      updates: Object.fromEntries([[name, "not_found"]]),
    });
  }
  if (!isKnown(found.node)) return notKnown();
  if (isSet(query["force"])) await checkOne(subject, found, asked);
  return statusOf([foundAs(subject, found.name) ?? found], isSet(query["light"]));
}

/** The figures of one container. */
export function metricsOfOne(subject: ProfileSubject, { params }: Asked): Answer {
  const found = foundAs(subject, params["name"] ?? "");
  if (found === undefined) {
    return subject.nodes().some(isKnown) ? { status: 404, body: { error: "not_found" } } : notKnown();
  }
  return isKnown(found.node) ? ok({ meta: metaOf(found), status: "ok" }) : notKnown();
}

function notKnown(): Answer {
  return { status: 500, body: { error: "the engine is not reachable", status: "error" } };
}

/** Is what the inventory has of its engine how it is now? */
function isKnown({ inventory }: ServedNode): boolean {
  return inventory.node().engine !== undefined;
}

function statusOf(found: readonly Found[], isLight: boolean): Answer {
  const inOrder = found.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return ok({
    meta: Object.fromEntries(inOrder.map((one) => [one.name, isLight ? lightMetaOf(one) : metaOf(one)])),
    status: "ok",
    updates: Object.fromEntries(inOrder.map((one) => [one.name, updateWordOf(one.entry)])),
  });
}

/** Begins a check of a whole engine where the last one is too long ago; the answer does not wait for it. */
function beginCheck({ clock }: ProfileSubject, { inventory, operations }: ServedNode, caller: Caller | null): void {
  const { lastCheck, isChecking } = inventory.node();
  const isFresh = lastCheck !== undefined && clock.now() - Date.parse(lastCheck) < forcedAfterMs;
  if (!isFresh && isChecking !== true) operations.submit({ kind: "check" }, sourceOf(caller));
}

async function checkOne({ clock }: ProfileSubject, { node, entry }: Found, { caller, signal }: Asked): Promise<void> {
  const { checkedAt } = currentCheck(entry) ?? {};
  if (checkedAt !== undefined && clock.now() - Date.parse(checkedAt) < forcedOneAfterMs) return;
  const { done } = node.operations.submit({ kind: "check", container: entry.container.name }, sourceOf(caller));
  await Promise.race([done, untilAborted(deadline(oneCheckMs, signal))]);
}

/** The words that turn a flag on. */
function isSet(value: unknown): boolean {
  return typeof value === "string" && ["1", "true", "yes"].includes(value.toLowerCase());
}
