import { nameFrom } from "../core/container.ts";
import { dependantsFor } from "../core/dependants.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine } from "../core/ports.ts";
import { messageOf } from "../lib/errors.ts";
import { inspectNamed, surveyOf } from "./survey.ts";

export type LifecycleCommand = Extract<Command, { readonly kind: "start" | "stop" | "restart" | "pause" | "unpause" }>;

export interface LifecycleDependencies {
  readonly engine: Pick<Engine, "inspect" | "list" | "start" | "stop" | "restart" | "pause" | "unpause">;
  readonly ownContainerId: string | undefined;
  /** Which containers does Gangway reach the engine through? */
  readonly wayToEngine: () => Promise<(inspect: ContainerInspect) => boolean>;
}

const deeds: Readonly<Record<LifecycleCommand["kind"], string>> = {
  start: "was started",
  stop: "was stopped",
  restart: "was restarted",
  pause: "was paused",
  unpause: "goes on",
};

/**
 * Does to a container what the engine can do with one call. Those in the network of one that is started anew would be
 * left with the old one, which is nobody's any more: they are restarted after it.
 */
export async function changeLifecycle(
  deps: LifecycleDependencies,
  command: LifecycleCommand,
  signal: AbortSignal,
): Promise<Outcome> {
  const { kind, container } = command;
  const inspect = await inspectNamed(deps.engine, container, signal);
  const refusal = kind === "start" || kind === "unpause" ? undefined : await refusalFor(deps, command, inspect);
  if (refusal !== undefined) return { state: "rejected", message: refusal };
  const cutOff = kind === "start" || kind === "restart" ? await cutOffBy(deps, command, signal) : [];
  await deps.engine[kind](container, signal);
  const remarks: string[] = [];
  for (const name of cutOff) {
    const restarted = inspectNamed(deps.engine, name, signal).then(() => deps.engine.restart(name, signal));
    const remark = await restarted.then(
      () => `${name}, which depends on it, was restarted too.`,
      (error: unknown) => `${name}, which depends on it, could not be restarted: ${messageOf(error)}.`,
    );
    remarks.push(remark);
  }
  return { state: "done", message: [`${container} ${deeds[kind]}.`, ...remarks].join(" ") };
}

/** The running containers that a start of this one leaves behind; Gangway itself, which could not go on, last. */
async function cutOffBy(
  { engine, ownContainerId }: LifecycleDependencies,
  { kind, container }: LifecycleCommand,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { target, all } = await surveyOf(engine, container, signal);
  // The engine takes no notice of a start of what runs.
  if (kind === "start" && target.State.Running) return [];
  const grouping = dependantsFor(target, all);
  if (grouping.kind === "cycle") return [];
  const names = grouping.dependants.recreate.filter((name) =>
    all.some(({ Name, State }) => nameFrom(Name) === name && State.Running && !State.Paused),
  );
  const isOwn = (name: string): boolean => all.some(({ Id, Name }) => Id === ownContainerId && nameFrom(Name) === name);
  return [...names.filter((name) => !isOwn(name)), ...names.filter(isOwn)];
}

async function refusalFor(
  { ownContainerId, wayToEngine }: LifecycleDependencies,
  { kind, container }: LifecycleCommand,
  inspect: ContainerInspect,
): Promise<string | undefined> {
  if (inspect.Id === ownContainerId) {
    return `${container} is Gangway itself, which could not report the result; ${kind} it with docker.`;
  }
  // The engine goes on with a restart by itself.
  if (kind === "restart" || !(await wayToEngine())(inspect)) return undefined;
  return `Gangway reaches the engine through ${container} and could not start it again; ${kind} it with docker.`;
}
