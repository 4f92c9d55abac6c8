import { nameFrom } from "../core/container.ts";
import type { ContainerInspect, ImageInspect } from "../core/inspect.ts";
import type { JournalEntry, Retag, SwapCommand } from "../core/journal.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Inventory } from "../core/ports.ts";
import { pulledTagsOf } from "../core/retags.ts";
import { planSwap } from "../core/swap-plan.ts";
import { updateTargetFor } from "../core/update-target.ts";
import { carriedFilesOf } from "./carried-files.ts";
import { type Goal, type GoalDependencies, goalFor } from "./goal.ts";
import { type HandOverDependencies, handOver, planHelper } from "./hand-over.ts";
import { holdImage } from "./held-image.ts";
import { identityOf, imageIfThere, imagesOf } from "./images.ts";
import { admissionFor, type Group, type RefusalDependencies } from "./refusal.ts";
import { type ReplaceDependencies, replaceContainers } from "./replace.ts";
import type { Order } from "./runner.ts";
import { type Survey, surveyOf } from "./survey.ts";

export interface UpdateDependencies
  extends ReplaceDependencies,
    HandOverDependencies,
    GoalDependencies,
    RefusalDependencies {
  readonly ownContainerId: string | undefined;
  readonly engine: ReplaceDependencies["engine"] &
    GoalDependencies["engine"] &
    Pick<Engine, "changes" | "list" | "stat">;
  readonly journal: ReplaceDependencies["journal"];
  readonly inventory: Pick<Inventory, "get" | "node">;
  readonly node: string;
  /** The operations that somebody is at work on: nobody else looks after their notes and their images. */
  readonly atWork: Set<string>;
  /** Told of a container that runs the newest image already. */
  readonly onCurrent: (inspect: ContainerInspect, image: ImageInspect) => void;
}

/**
 * Gives a container another image (`update`: what its tag stands for now, `rollback`: the one it ran before), or itself
 * anew (`recreate`), together with those that would stop working without it. Everything that can fail without touching a
 * container comes first: the refusals, the pull, the plan. Then they are replaced, and whatever goes wrong from there
 * brings back the very same old ones.
 */
export async function updateContainer(
  deps: UpdateDependencies,
  command: Extract<Command, { readonly kind: SwapCommand }>,
  order: Order,
  signal: AbortSignal,
): Promise<Outcome> {
  const { engine, atWork } = deps;
  atWork.add(order.operation);
  try {
    const before = await surveyOf(engine, command.container, signal);
    const refused = await admissionFor(deps, before, command.kind);
    if (refused.kind === "refused") return { state: "rejected", message: refused.message };
    await using keep = new AsyncDisposableStack();
    const oldImage = await imageIfThere(engine, before.target.Image, signal);
    // Until the journal has taken over, nobody else would give the old image free again.
    if (oldImage !== undefined) keep.use(await holdImage(deps, oldImage.Id, order.operation, signal));

    const target = updateTargetFor(before.target, deps.inventory.get(command.container)?.check);
    const request = { command: command.kind, inspect: before.target, oldImage, target, report: order.report };
    const goal = await goalFor(deps, request, signal);
    if (goal.kind === "none") return { state: "rejected", message: goal.message };
    if (command.kind === "update" && goal.image.Id === before.target.Image) {
      deps.onCurrent(before.target, goal.image);
      return unchanged(before.target, goal);
    }
    order.report({ phase: "creating" });
    // A pull may have taken long: what is replaced is what is there now.
    const survey = await surveyOf(engine, command.container, signal);
    if (survey.target.Id !== before.target.Id) {
      const message = `Somebody recreated ${command.container} in the meantime; ask again for what is still wanted.`;
      return { state: "rejected", message };
    }
    const admission = await admissionFor(deps, survey, command.kind);
    if (admission.kind === "refused") return { state: "rejected", message: admission.message };
    const retags = oldImage === undefined || command.kind !== "update" ? [] : pulledTagsOf(goal.reference, oldImage);
    const subject = { command: command.kind, survey, group: admission.group, goal, retags, order };
    const entry = await entryFor(deps, subject, signal);
    const { course } = admission;
    if (course.kind === "direct") {
      keep.move();
      return await replaceContainers(deps, entry, order.report, signal);
    }
    const planned = { course, names: survey.names, operation: order.operation };
    const helper = await planHelper(deps, planned, signal);
    keep.move();
    return await handOver(deps, { entry, helper, report: order.report }, signal);
  } finally {
    atWork.delete(order.operation);
  }
}

function unchanged(
  { Name, Config }: ContainerInspect,
  { from, to }: Extract<Goal, { readonly kind: "image" }>,
): Outcome {
  return { state: "unchanged", message: `${nameFrom(Name)} runs the newest ${Config.Image} already.`, from, to };
}

interface Subject {
  readonly command: SwapCommand;
  readonly survey: Survey;
  readonly group: Group;
  readonly goal: Extract<Goal, { readonly kind: "image" }>;
  readonly retags: readonly Retag[];
  readonly order: Order;
}

/** The plan of the replacement, as the journal keeps it. */
async function entryFor(
  deps: UpdateDependencies,
  { command, survey, group, goal, retags, order }: Subject,
  signal: AbortSignal,
): Promise<JournalEntry> {
  const identity = identityOf(deps.inventory);
  const container = nameFrom(survey.target.Name);
  const images = await imagesOf(deps, group.members, signal);
  const { names } = survey;
  const carried = await carriedFilesOf(deps.engine, group.members, signal);
  const subject = {
    members: group.members,
    images,
    newImage: goal.image,
    newReference: goal.reference,
    carried,
    names,
    identity,
  };
  const { members, warnings } = planSwap(subject);
  for (const warning of warnings) deps.log.warn({ container, operation: order.id, warning }, "update warning");
  return {
    schema: 2,
    operation: order.operation,
    id: order.id,
    command,
    node: deps.node,
    container,
    startedAt: order.startedAt,
    step: "creating",
    members,
    restarts: group.restarts,
    from: goal.from,
    to: goal.to,
    ...(goal.digest === undefined ? {} : { newDigest: goal.digest }),
    retags,
  };
}
