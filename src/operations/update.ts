import { backupRemarks, isBackedUpFirst, type MadeBackup } from "../core/backup-first.ts";
import { nameFrom } from "../core/container.ts";
import type { ContainerInspect, ImageInspect } from "../core/inspect.ts";
import type { JournalEntry, Retag, SwapCommand } from "../core/journal.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Inventory } from "../core/ports.ts";
import { pulledTagsOf } from "../core/retags.ts";
import { planSwap } from "../core/swap-plan.ts";
import { updateTargetFor } from "../core/update-target.ts";
import { GangwayError } from "../lib/errors.ts";
import type { BackupDependencies } from "./backup.ts";
import { backUpBeforeUpdate } from "./backup-first.ts";
import { giveBackTag } from "./candidate.ts";
import { carriedFilesOf } from "./carried-files.ts";
import { type Goal, type GoalDependencies, goalFor } from "./goal.ts";
import { type HandOverDependencies, handOver, planHelper } from "./hand-over.ts";
import { holdImage } from "./held-image.ts";
import { identityOf, imageIfThere, imagesOf } from "./images.ts";
import { type Admission, admissionFor, type Group, type RefusalDependencies } from "./refusal.ts";
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
  /** Is a container backed up before its update, where its label says nothing? */
  readonly backupFirst: boolean;
  readonly backing: BackupDependencies;
  /** The operations that somebody is at work on: nobody else looks after their notes and their images. */
  readonly atWork: Set<string>;
  /** Told of a container that runs the newest image already. */
  readonly onCurrent: (inspect: ContainerInspect, image: ImageInspect) => void;
}

/**
 * Gives a container another image (`update`: what its tag stands for now, `rollback`: the one it ran before), or itself
 * anew (`recreate`), together with those that would stop working without it. Everything that can fail without touching a
 * container comes first: the refusals, the pull, the plan. Where there is something new, the container is then backed up,
 * if that is wished for. Then they are replaced, and whatever goes wrong from there brings back the very same old ones.
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
    const retags = oldImage === undefined || command.kind !== "update" ? [] : pulledTagsOf(goal.reference, oldImage);
    const ready = await makeReady(deps, { before, command, order, retags }, signal);
    if (ready.kind === "refused") return { state: "rejected", ...ready.outcome };
    const { survey, group, course, backup } = ready;
    const subject = { command: command.kind, survey, group, goal, retags, order, backup };
    const entry = await entryFor(deps, subject, signal);
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

const giveBackMs = 10_000;

/** Where there is no update, whoever creates the container anew is to get the image that it runs. */
async function giveBackTags({ engine, log }: UpdateDependencies, retags: readonly Retag[]): Promise<void> {
  for (const retag of retags) {
    await giveBackTag(engine, retag, AbortSignal.timeout(giveBackMs)).catch((error: unknown) =>
      log.warn({ tag: retag.reference, err: error }, "a tag could not be given back"),
    );
  }
}

interface Request {
  readonly before: Survey;
  readonly command: Extract<Command, { readonly kind: SwapCommand }>;
  readonly order: Order;
  /** What the pull has done to local tags, to be undone where there is no backup. */
  readonly retags: readonly Retag[];
}

interface Ready extends Pick<Extract<Admission, { readonly kind: "admitted" }>, "group" | "course"> {
  readonly kind: "ready";
  readonly survey: Survey;
  readonly backup: MadeBackup | undefined;
}

type Readiness = Ready | { readonly kind: "refused"; readonly outcome: Omit<Outcome, "state"> };

/** Backs the container up, where that is wished for, and finds out who is to be replaced. */
async function makeReady(deps: UpdateDependencies, request: Request, signal: AbortSignal): Promise<Readiness> {
  const { before, command, order } = request;
  if (!isBackedUpFirst(command.kind, before.target.Config.Labels, deps.backupFirst)) {
    order.report({ phase: "creating" });
    return await lookAgain(deps, request, signal);
  }
  const early = await lookAgain(deps, request, signal);
  if (early.kind === "refused") return early;
  const backup = await backUpBeforeUpdate(deps.backing, command.container, order, signal).catch(async (error) => {
    await giveBackTags(deps, request.retags);
    throw error;
  });
  order.report({ phase: "creating" });
  const ready = await lookAgain(deps, request, signal);
  if (ready.kind === "refused") {
    const message = [ready.outcome.message, ...backupRemarks(backup)].join(" ");
    return { kind: "refused", outcome: { message, backup: backup.file } };
  }
  // Nobody could tell whether the new one works: it would not be started.
  if (early.survey.target.State.Running && !ready.survey.target.State.Running) {
    await giveBackTags(deps, request.retags);
    const message = `${command.container} was not updated: it was started again after its backup, and does not run any more; look at its log`;
    throw new GangwayError("backup_failed", message);
  }
  return { ...ready, backup };
}

/** What is replaced is what is there now: a pull may have taken long, and a backup too. */
async function lookAgain(
  deps: UpdateDependencies,
  { before, command: { kind, container } }: Request,
  signal: AbortSignal,
): Promise<Readiness> {
  const survey = await surveyOf(deps.engine, container, signal);
  if (survey.target.Id !== before.target.Id) {
    const message = `Somebody recreated ${container} in the meantime; ask again for what is still wanted.`;
    return { kind: "refused", outcome: { message } };
  }
  const admission = await admissionFor(deps, survey, kind);
  if (admission.kind === "refused") return { kind: "refused", outcome: { message: admission.message } };
  return { ...admission, kind: "ready", survey, backup: undefined };
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
  readonly backup: MadeBackup | undefined;
}

/** The plan of the replacement, as the journal keeps it. */
async function entryFor(
  deps: UpdateDependencies,
  { command, survey, group, goal, retags, order, backup }: Subject,
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
    ...(backup === undefined ? {} : { backup }),
    ...(goal.digest === undefined ? {} : { newDigest: goal.digest }),
    retags,
  };
}
