import type { PastOperation, ServedNode } from "../../core/doors.ts";
import type { Command } from "../../core/operation.ts";
import { deadline, untilAborted } from "../../lib/time.ts";
import { type Caller, sourceOf } from "../access.ts";
import { type Answer, problem } from "./problem.ts";
import type { ApiSubject } from "./subject.ts";
import { pendingView, resultView } from "./views.ts";

/** How a handler may wait: until `signal` aborts at the latest, because whoever asked has gone, or the server closes. */
export interface Patience {
  /** Absent: not at all. */
  readonly waitMs: number | undefined;
  readonly signal: AbortSignal;
}

/** An operation as it stands now, and whether it has ended. */
interface Standing {
  readonly ended: boolean;
  readonly view: object;
}

/** Has a command carried out on each of `nodes`; waits for the ends as long as it may. In the order of the nodes. */
export async function submitOn(
  subject: ApiSubject,
  nodes: readonly ServedNode[],
  order: { readonly command: Command; readonly id: string | undefined; readonly caller: Caller | null },
  patience: Patience,
): Promise<readonly Standing[]> {
  const { command, id, caller } = order;
  const source = sourceOf(caller);
  const submissions = nodes.map((node) => ({ node, submission: node.operations.submit(command, source, id) }));
  const ended = new Map<string, PastOperation>();
  const all = submissions.map(async ({ node, submission }) => {
    const result = await submission.done;
    // It is not the end yet: whoever is Gangway next tells it.
    if (result.handedOver !== true) ended.set(node.name, { ...result, id: submission.id, node: node.name });
  });
  await atMost(Promise.all(all), patience);
  return submissions.map(({ node, submission }) => {
    const result = ended.get(node.name);
    if (result !== undefined) return { ended: true, view: resultView(result) };
    return (
      standingOf(subject, submission.id, node) ?? { ended: false, view: begun(node, command, submission.id, subject) }
    );
  });
}

/** One that is neither waiting nor has a result: a helper container carries on. */
function begun(node: ServedNode, command: Command, id: string, { clock }: ApiSubject): object {
  return pendingView(node, {
    ...{
      id,
      joined: [],
      command: command.kind,
      container: "container" in command ? (command.container ?? null) : null,
    },
    ...{ state: "running", source: "http", submittedAt: new Date(clock.now()).toISOString() },
  });
}

/** The operation with this id, whether it waits, runs, or has ended; after a wait for its end, if that is wished. */
export async function operationAnswer(subject: ApiSubject, id: string, patience: Patience): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let result: PastOperation | undefined;
  using _ = subject.subscribe((node, news) => {
    if (news.kind !== "result" || news.result.id !== id) return;
    // The end is told a moment before the operation is out of the runner's book.
    result = { ...news.result, node };
    resolve();
  });
  const before = standingOf(subject, id);
  if (before === undefined) return unknown(id);
  if (!before.ended) await atMost(promise, patience);
  const view = result === undefined ? (standingOf(subject, id) ?? before).view : resultView(result);
  return { status: 200, body: view };
}

const cancelMs = 5_000;

/** Cancels an operation that waits. */
export async function cancelAnswer(subject: ApiSubject, id: string, signal: AbortSignal): Promise<Answer> {
  const found = subject.nodes().find(({ operations }) => pendingWith(operations.pending(), id) !== undefined);
  switch (found?.operations.cancel(id)) {
    case "cancelled":
      // Whoever has joined hears of it a moment later.
      return await operationAnswer(subject, id, { waitMs: cancelMs, signal });
    case "running":
      return problem(409, "operation_running", "It runs already, and has to reach a safe point by itself.");
    case "unknown":
    case undefined:
      return standingOf(subject, id) === undefined
        ? unknown(id)
        : problem(409, "operation_ended", "It has ended already; there is nothing to cancel.");
  }
}

function unknown(id: string): Answer {
  return problem(404, "operation_not_found", `There is no operation "${id}", or it is too long ago.`);
}

function standingOf(subject: ApiSubject, id: string, on?: ServedNode): Standing | undefined {
  for (const node of on === undefined ? subject.nodes() : [on]) {
    const pending = pendingWith(node.operations.pending(), id);
    if (pending !== undefined) return { ended: false, view: pendingView(node, pending, id) };
  }
  const isIt = (past: PastOperation): boolean => past.id === id && (on === undefined || past.node === on.name);
  const recent = subject.recent.get(id);
  const past = recent !== undefined && isIt(recent) ? recent : subject.history().findLast(isIt);
  return past === undefined ? undefined : { ended: true, view: resultView(past) };
}

function pendingWith<Pending extends { readonly id: string; readonly joined: readonly string[] }>(
  pending: readonly Pending[],
  id: string,
): Pending | undefined {
  return pending.find((one) => one.id === id || one.joined.includes(id));
}

async function atMost(promise: Promise<unknown>, { waitMs, signal }: Patience): Promise<void> {
  if (waitMs === undefined || waitMs === 0) return;
  await Promise.race([promise, untilAborted(deadline(waitMs, signal))]);
}
