import type { Command, Outcome } from "../core/operation.ts";
import type { Engine } from "../core/ports.ts";

export type LifecycleCommand = Extract<Command, { readonly kind: "start" | "stop" | "restart" | "pause" | "unpause" }>;

export interface LifecycleDependencies {
  readonly engine: Pick<Engine, "start" | "stop" | "restart" | "pause" | "unpause">;
  /** Is this Gangway's own container? */
  readonly isOwn: (container: string) => boolean;
}

const deeds: Readonly<Record<LifecycleCommand["kind"], string>> = {
  start: "was started",
  stop: "was stopped",
  restart: "was restarted",
  pause: "was paused",
  unpause: "goes on",
};

/** Does to a container what the engine can do with one call. */
export async function changeLifecycle(
  deps: LifecycleDependencies,
  command: LifecycleCommand,
  signal: AbortSignal,
): Promise<Outcome> {
  const { kind, container } = command;
  if (deps.isOwn(container) && kind !== "start" && kind !== "unpause") {
    const message = `${container} is Gangway itself, which could not report the result; ${kind} it with docker.`;
    return { state: "rejected", message };
  }
  await deps.engine[kind](container, signal);
  return { state: "done", message: `${container} ${deeds[kind]}.` };
}
