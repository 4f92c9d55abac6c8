import { type Course, type HelperSight, helperFor, helperStepFor } from "../core/hand-over.ts";
import type { Helper, JournalEntry, SwapStep } from "../core/journal.ts";
import type { Outcome, Phase } from "../core/operation.ts";
import { isSuccess } from "../core/operation.ts";
import type { Engine, Inventory } from "../core/ports.ts";
import { planSwap } from "../core/swap-plan.ts";
import { messageOf } from "../lib/errors.ts";
import { deadline, pause } from "../lib/time.ts";
import { carriedFilesOf, carryFiles } from "./carried-files.ts";
import { identityOf, imagesOf } from "./images.ts";
import { removeIfThere } from "./put-back.ts";
import { type ReplaceDependencies, rollBack } from "./replace.ts";
import type { Report } from "./runner.ts";
import { inspectIfThere } from "./survey.ts";
import { createSwap } from "./swap.ts";

export interface HandOverDependencies extends ReplaceDependencies {
  readonly ownContainerId: string | undefined;
}

/** How an operation stands that a helper carries out. */
export type Followed =
  | { readonly kind: "waiting"; readonly phase: Phase }
  | { readonly kind: "ended"; readonly outcome: Outcome }
  /** There is no helper any more, and it is to be recovered as after any crash. */
  | { readonly kind: "returned" };

const pollMs = 1_000;
const quickMs = 30_000;

const phases: Readonly<Record<SwapStep, Phase>> = {
  creating: "creating",
  restraining: "switching",
  switching: "switching",
  verifying: "verifying",
  committed: "verifying",
  rolling_back: "rolling_back",
};

/** Plans the helper of an operation from the container that Gangway runs in. Changes nothing. */
export async function planHelper(
  deps: HandOverDependencies & {
    readonly engine: Pick<Engine, "changes" | "stat">;
    readonly inventory: Pick<Inventory, "node">;
  },
  { course, names, operation }: PlannedCourse,
  signal: AbortSignal,
): Promise<Helper> {
  const members = [course.own];
  const { members: planned } = planSwap({
    members,
    images: await imagesOf(deps, members, signal),
    newImage: { Id: course.own.Image },
    carried: await carriedFilesOf(deps.engine, members, signal),
    names,
    identity: identityOf(deps.inventory),
  });
  const [own] = planned;
  if (own === undefined) throw new TypeError("a plan for one container has one member");
  return helperFor(course, own.plan, operation);
}

interface PlannedCourse {
  readonly course: Extract<Course, { readonly kind: "helper" }>;
  readonly names: ReadonlyMap<string, string>;
  readonly operation: string;
}

/**
 * Replaces containers without which this Gangway could not go on: creates the new ones, and has a helper container do
 * the rest. Resolves when that has ended, if this Gangway lives to see it; one that is stopped meanwhile leaves
 * everything as it is, and the next one tells the result.
 */
export async function handOver(
  deps: HandOverDependencies,
  { entry, helper, report }: { readonly entry: JournalEntry; readonly helper: Helper; readonly report: Report },
  signal: AbortSignal,
): Promise<Outcome> {
  const { from, to } = entry;
  const swap = createSwap(deps, entry);
  try {
    await swap.createCandidates(signal);
    await deps.journal.put({ ...swap.entry(), helper });
    await launch(deps, helper, signal);
  } catch (error) {
    try {
      // One that has started after all would go on.
      await removeIfThere(deps.engine, helper.container, AbortSignal.timeout(quickMs));
    } catch (fault) {
      return { state: "failed", message: `${messageOf(error)}; then ${messageOf(fault)}`, from, to };
    }
    return await rollBack(deps, swap, error, report, signal);
  }
  deps.log.info({ container: entry.container, helper: helper.container }, "a helper container carries on");
  return await awaitHelper(deps, entry, report, signal);
}

async function awaitHelper(
  deps: HandOverDependencies,
  entry: JournalEntry,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const { command, container, from, to } = entry;
  while (!signal.aborted) {
    const followed = await followHelper(deps, entry, deadline(quickMs, signal)).catch((error: unknown): Followed => {
      // The engine may be away because the helper is replacing the way to it.
      deps.log.debug({ container, err: error }, "the helper container cannot be followed now");
      return { kind: "waiting", phase: "switching" };
    });
    if (followed.kind === "ended") return followed.outcome;
    if (followed.kind === "returned") {
      const message =
        `The helper container of the ${command} of ${container} ended before its time; ` +
        "Gangway puts right what it has left.";
      return { state: "failed", message, from, to };
    }
    report({ phase: followed.phase });
    await pause(pollMs, signal);
  }
  const message = `The ${command} of ${container} goes on without this Gangway; the next one tells the result.`;
  return { state: "cancelled", message, from, to, handedOver: true };
}

/** Looks how the helper of an operation stands, and does what is to be done. Rejects while that cannot be told. */
export async function followHelper(
  deps: HandOverDependencies,
  { operation }: JournalEntry,
  signal: AbortSignal,
): Promise<Followed> {
  const entry = (await deps.journal.all()).find((noted) => noted.operation === operation);
  if (entry?.helper === undefined) return { kind: "returned" };
  const { helper, container, step } = entry;
  const sight = await sightOf(deps, entry, helper, signal);
  const fields = { container, operation: entry.id, helper: helper.container };
  const followed = helperStepFor(entry, sight);
  switch (followed) {
    case "wait":
      return { kind: "waiting", phase: phases[step] };
    case "settle":
      return { kind: "ended", outcome: await settle(deps, entry, helper, sight, signal) };
    case "undo":
    case "take_back": {
      deps.log.warn(fields, "the helper container is gone, Gangway takes over");
      await removeIfThere(deps.engine, helper.container, signal);
      const { helper: _, ...own } = entry;
      await deps.journal.put(followed === "undo" ? undoing(own) : own);
      return { kind: "returned" };
    }
    case "relaunch": {
      deps.log.warn(fields, "the helper container is gone, another one carries on");
      const next = { ...helper, tries: helper.tries + 1 };
      await deps.journal.put({ ...entry, helper: next });
      await launch(deps, next, signal);
      return { kind: "waiting", phase: phases[step] };
    }
    case "give_up": {
      deps.log.error(
        { ...fields, advice: `docker start ${helper.container}` },
        "helper containers end again and again",
      );
      return { kind: "waiting", phase: phases[step] };
    }
  }
}

/** The entry of a replacement that is to be undone, however far it has come. */
function undoing(entry: JournalEntry): JournalEntry {
  const { cause = "its helper container ended before its time", reached = entry.step } = entry;
  return { ...entry, step: "rolling_back", cause, reached };
}

async function sightOf(
  deps: HandOverDependencies,
  entry: JournalEntry,
  { container }: Helper,
  signal: AbortSignal,
): Promise<HelperSight> {
  const helper = await inspectIfThere(deps.engine, container, signal);
  const observed = await createSwap(deps, entry).observe(signal);
  return { helper: helper?.State, observed, ownContainerId: deps.ownContainerId };
}

/** Creates and starts a helper; one that is there already is replaced. */
async function launch(
  { engine }: Pick<HandOverDependencies, "engine">,
  { container, madeAfter, plan }: Helper,
  signal: AbortSignal,
): Promise<void> {
  const { body, carry, connect, platform } = plan;
  await removeIfThere(engine, container, signal);
  const request = { name: container, body, ...(platform === undefined ? {} : { platform }) };
  const { id } = await engine.create(request, signal);
  for (const { network, endpoint } of connect) await engine.connect(network, id, endpoint, signal);
  await carryFiles(engine, { from: madeAfter, to: id, paths: carry }, signal);
  await engine.start(id, signal);
}

/** Shows what a helper has done, and clears away what is left of it, the notes last. */
async function settle(
  deps: HandOverDependencies,
  entry: JournalEntry,
  helper: Helper,
  { observed }: HelperSight,
  signal: AbortSignal,
): Promise<Outcome> {
  const outcome = entry.outcome ?? { state: "failed", message: "The helper container has left no result." };
  if (isSuccess(outcome.state))
    await deps.onReplaced(
      entry,
      observed.flatMap(({ candidate }) => candidate ?? []),
    );
  else await deps.onRestored(entry);
  await removeIfThere(deps.engine, helper.container, signal);
  await deps.journal.remove(entry.operation);
  return outcome;
}
