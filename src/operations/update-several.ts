import { type Command, isSuccess, type Outcome, type OutcomeState, type PartialResult } from "../core/operation.ts";
import type { Inventory, Operations } from "../core/ports.ts";
import { selectForUpdate } from "../core/update-selection.ts";

export interface UpdateSeveralDependencies {
  readonly inventory: Pick<Inventory, "all">;
  readonly submit: Operations["submit"];
  readonly ownContainerId: string | undefined;
}

/**
 * Updates several containers, each by an operation of its own: as many at once as the configuration allows, and one that
 * fails does not stop the others.
 */
export async function updateSeveral(
  { inventory, submit, ownContainerId }: UpdateSeveralDependencies,
  { kind: _, dryRun, ...selector }: Extract<Command, { readonly kind: "update_all" }>,
): Promise<Outcome> {
  const entries = inventory.all();
  const own = entries.find(({ container }) => container.id === ownContainerId)?.container.name;
  const selection = selectForUpdate(entries, selector, (name) => name === own);
  if (selection.kind === "unknown") {
    const message = `There is no container named ${selection.names.join(", nor ")}; nothing was updated.`;
    return { state: "rejected", message };
  }
  if (selection.names.length === 0) return { state: "unchanged", message: "There is nothing to update." };
  const submissions = selection.names.map((container) =>
    submit({ kind: "update", container, ...(dryRun === true ? { dryRun } : {}) }, "update_all"),
  );
  const ended = await Promise.all(submissions.map(({ done }) => done));
  const results = ended.map(({ container, state, message }) => ({ container: container ?? "", state, message }));
  const isGood = results.every(({ state }) => isSuccess(state));
  return { state: isGood ? "done" : "failed", message: summaryOf(results), results };
}

const shownStates: readonly (readonly [OutcomeState, string])[] = [
  ["updated", "updated"],
  ["unchanged", "unchanged"],
  ["rolled_back", "rolled back"],
  ["failed", "failed"],
  ["rejected", "refused"],
  ["cancelled", "cancelled"],
];

/** `4 containers: 3 updated, 1 rolled back. web was rolled back: …` */
function summaryOf(results: readonly PartialResult[]): string {
  const counts = shownStates.flatMap(([state, word]) => {
    const count = results.filter((result) => result.state === state).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const bad = results.filter(({ state }) => !isSuccess(state)).map(({ message }) => message);
  const subject = `${results.length} container${results.length === 1 ? "" : "s"}`;
  return [`${subject}: ${counts.join(", ")}.`, ...bad].join(" ");
}
