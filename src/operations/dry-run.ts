import { lostFilesFor } from "../core/carried-files.ts";
import { nameFrom } from "../core/container.ts";
import { parseImageReference } from "../core/image-reference.ts";
import type { ContainerInspect, CreateBody, ImageInspect } from "../core/inspect.ts";
import type { SwapCommand, SwapMember } from "../core/journal.ts";
import type { Outcome, PlannedMember, UpdatePlan } from "../core/operation.ts";
import type { Engine, Inventory, Registry } from "../core/ports.ts";
import { planSwap } from "../core/swap-plan.ts";
import { latestVersionFor, updateTargetFor } from "../core/update-target.ts";
import { isSameVersion, versionLabel, versionText } from "../core/versions.ts";
import { GangwayError } from "../lib/errors.ts";
import { carriedFilesOf } from "./carried-files.ts";
import { type GoalDependencies, goalFor, installedVersionOf } from "./goal.ts";
import { type ImagesDependencies, identityOf, imageIfThere, imagesOf } from "./images.ts";
import { admissionFor, type RefusalDependencies } from "./refusal.ts";
import { type Survey, surveyOf } from "./survey.ts";

export interface DryRunDependencies extends GoalDependencies, RefusalDependencies, ImagesDependencies {
  readonly engine: GoalDependencies["engine"] & Pick<Engine, "changes" | "inspect" | "list" | "stat">;
  readonly registry: Pick<Registry, "credentialsFor" | "digestOf">;
  readonly inventory: Pick<Inventory, "get" | "node">;
}

/**
 * What a command would do to a container, and what would be lost by it. Nothing is pulled and nothing is changed: what a
 * newer image would bring along is not known.
 */
export async function dryRun(
  deps: DryRunDependencies,
  { kind, container }: { readonly kind: SwapCommand; readonly container: string },
  signal: AbortSignal,
): Promise<Outcome> {
  const survey = await surveyOf(deps.engine, container, signal);
  const admission = await admissionFor(deps, survey, kind);
  if (admission.kind === "refused") return { state: "rejected", message: admission.message };
  const oldImage = await imageIfThere(deps.engine, survey.target.Image, signal);
  const aim = await aimOf(deps, { kind, survey, oldImage }, signal);
  if (aim.kind === "none") return { state: "rejected", message: aim.message };
  if (aim.isCurrent === true) {
    const message = `${container} runs the newest ${survey.target.Config.Image} already: nothing would be done.`;
    return { state: "unchanged", message, from: aim.from, to: aim.to };
  }
  const { members, restarts } = admission.group;
  const images = await imagesOf(deps, members, signal);
  const identity = identityOf(deps.inventory);
  const carried = await carriedFilesOf(deps.engine, members, signal);
  const { image: newImage, reference: newReference } = aim;
  const planned = planSwap({ members, images, newImage, newReference, carried, names: survey.names, identity });
  const shown = planned.members.map((member) => plannedMember(deps.engine, member, signal));
  const plan: UpdatePlan = {
    container,
    from: aim.from,
    to: aim.to,
    members: await Promise.all(shown),
    restarts,
    warnings: planned.warnings,
  };
  return { state: "unchanged", message: summaryOf(plan, kind), from: aim.from, to: aim.to, plan };
}

type Aim =
  | {
      readonly kind: "image";
      readonly image: Pick<ImageInspect, "Id">;
      readonly reference: string;
      readonly from: string;
      readonly to: string;
      /** The container has it already. */
      readonly isCurrent?: boolean;
    }
  | { readonly kind: "none"; readonly message: string };

interface AimRequest {
  readonly kind: SwapCommand;
  readonly survey: Survey;
  readonly oldImage: ImageInspect | undefined;
}

/** For an update, the registry is asked what the tag stands for; the image itself stays there. */
async function aimOf(
  deps: DryRunDependencies,
  { kind, survey, oldImage }: AimRequest,
  signal: AbortSignal,
): Promise<Aim> {
  const { target: inspect } = survey;
  const target = updateTargetFor(inspect, deps.inventory.get(nameFrom(inspect.Name))?.check);
  if (kind !== "update") {
    return await goalFor(deps, { command: kind, inspect, oldImage, target, report: () => {} }, signal);
  }
  const { reference, check } = target;
  const parsed = parseImageReference(reference);
  if (parsed.kind !== "reference") throw new GangwayError("engine_answer_invalid", "the image cannot be pulled");
  const digest = await deps.registry.digestOf(parsed, signal);
  const known = check?.latestDigest === digest ? check : undefined;
  const from = installedVersionOf(inspect, oldImage, { name: check?.installedVersion, latestDigest: digest });
  const name = latestVersionFor(target, inspect.Config.Image, digest);
  const to = versionText(name ?? versionLabel(reference, known?.latest, known?.installed), digest);
  // Another digest can stand for the same image: the last check has found that out.
  const isCurrent = isSameVersion(from, to) || known?.verdict === "up_to_date";
  return { kind: "image", image: { Id: inspect.Image }, reference, from, to: isCurrent ? from : to, isCurrent };
}

async function plannedMember(
  engine: Pick<Engine, "changes">,
  { container, oldId, wasRunning, inspect, plan }: SwapMember,
  signal: AbortSignal,
): Promise<PlannedMember> {
  const files = lostFilesFor(inspect, await engine.changes(oldId, signal), plan.carry);
  return {
    container,
    running: wasRunning,
    create: withoutValues(plan.body),
    connect: plan.connect.map(({ network }) => network),
    lost: { log: keepsLog(inspect), files },
  };
}

/** Logs of other drivers are kept elsewhere. */
function keepsLog({ HostConfig }: ContainerInspect): boolean {
  const config = HostConfig["LogConfig"] as { readonly Type?: string } | undefined;
  return ["json-file", "local", undefined].includes(config?.Type);
}

/** Variables by their names only. */
function withoutValues(body: CreateBody): object {
  const variables = body["Env"];
  if (!Array.isArray(variables)) return body;
  return { ...body, Env: variables.map((variable: string) => `${variable.split("=")[0] ?? ""}=…`) };
}

const verbs: Readonly<Record<SwapCommand, string>> = {
  update: "updated",
  recreate: "recreated",
  rollback: "brought back",
};

function summaryOf({ container, from, to, members, restarts }: UpdatePlan, kind: SwapCommand): string {
  const others = members.slice(1).map((member) => member.container);
  const along = others.length === 0 ? "" : `, and ${others.join(", ")} along with it`;
  const after = restarts.length === 0 ? "" : ` ${restarts.join(", ")} would be restarted afterwards.`;
  const files = members.map(({ lost }) => lost.files.total).reduce((sum, count) => sum + count, 0);
  const lost = files === 0 ? "" : ` ${files} file${files === 1 ? "" : "s"} outside of volumes would be lost.`;
  return `Dry run: ${container} would be ${verbs[kind]} from ${from} to ${to}${along}.${after}${lost} Nothing was changed.`;
}
