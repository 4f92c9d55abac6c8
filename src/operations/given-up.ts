import type { ContainerInspect } from "../core/inspect.ts";
import type { SwapMember } from "../core/journal.ts";
import type { Engine } from "../core/ports.ts";
import { messageOf } from "../lib/errors.ts";

const everRunning: readonly string[] = ["always", "unless-stopped"];

/**
 * An engine that comes up again starts containers in any order, and gives one up whose namespace's owner is not there
 * yet: it stays down, whatever its restart policy, with the failed start as its error. Starts such containers, given in
 * the order of their dependence. Resolves to a sentence for each that could not be started.
 */
export async function startGivenUp(
  engine: Pick<Engine, "start">,
  containers: readonly { readonly member: SwapMember; readonly inspect: ContainerInspect | undefined }[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const sentences: string[] = [];
  for (const { member, inspect } of containers) {
    if (inspect === undefined || !isGivenUp(member, inspect)) continue;
    try {
      await engine.start(inspect.Id, signal);
    } catch (error) {
      sentences.push(`${member.container} does not run, and could not be started: ${messageOf(error)}.`);
    }
  }
  return sentences;
}

function isGivenUp({ wasRunning, restartPolicy }: SwapMember, { State }: ContainerInspect): boolean {
  return wasRunning && everRunning.includes(restartPolicy.Name) && !State.Running && State.Error !== "";
}
