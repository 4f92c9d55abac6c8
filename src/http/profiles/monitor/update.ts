import { parseImageReference } from "../../../core/image-reference.ts";
import type { OperationResult } from "../../../core/operation.ts";
import { deadline, untilAborted } from "../../../lib/time.ts";
import { sourceOf } from "../../access.ts";
import type { ProfileSubject } from "../profile.ts";
import { type Answer, ok } from "./answers.ts";
import { foundAs } from "./names.ts";
import type { Asked } from "./routes.ts";

/** The Home Assistant integration waits for a minute. */
const patienceMs = 55_000;

/** Not a word in it that the page of Docker Monitor Image would take for an end. */
const underWay: Answer = { status: 202, body: { message: "update in progress" } };

/** Updates a container with all of Gangway's care, and tells how that has ended, or that it goes on. */
export async function updateContainer(subject: ProfileSubject, { body, caller, signal }: Asked): Promise<Answer> {
  const { name } = body;
  if (typeof name !== "string" || name === "") return refused(400, "Missing 'name'");
  const found = foundAs(subject, name);
  if (found === undefined) return refused(404, "container not found");
  const { node, entry } = found;
  if (subject.isOwn(entry.container)) {
    const message =
      "Gangway does not update itself on this route, for nobody could hear how that ends. " +
      "Use its update entity in Home Assistant, or POST /api/v1/containers/<name>/update.";
    return { status: 409, body: { error: "self_update_blocked", message } };
  }
  if (parseImageReference(entry.container.image).kind !== "reference") {
    return refused(400, "cannot determine image reference for update");
  }
  const order = { kind: "update", container: entry.container.name } as const;
  const { done } = node.operations.submit(order, sourceOf(caller));
  const result = await Promise.race([done, untilAborted(deadline(patienceMs, signal))]);
  return result === undefined || result.handedOver === true ? underWay : answerFrom(result);
}

function answerFrom({ state, message, code, plan }: OperationResult): Answer {
  // The words would be those of what was not done.
  if (plan !== undefined) return ok({ message: "dry run: nothing was changed", updated: false });
  switch (state) {
    case "updated":
    case "done":
      return ok({ message: "container recreated with latest image", updated: true });
    case "unchanged":
      return ok({ message: "already up to date", updated: false });
    case "rejected":
    case "cancelled":
      return { status: 409, body: { error: `update_${state}`, message } };
    case "failed":
    case "rolled_back":
      if (state === "failed" && code === "engine_not_found") return refused(404, "image not found to pull");
      return refused(500, code?.startsWith("engine_") === true ? `docker api error: ${message}` : message);
  }
}

function refused(status: number, error: string): Answer {
  return { status, body: { error } };
}
