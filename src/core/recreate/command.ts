import { isDeepStrictEqual } from "node:util";
import type { ContainerConfig, ImageConfig } from "../inspect.ts";

/** What to send as entrypoint and command; a member that is left out is taken from the new image. */
export interface CommandMembers {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
}

/**
 * The entrypoint and command that the user gave. The engine stores them after merging: it fills the entrypoint from the
 * image if it is null (`[]` stays `[]`), and the command only if entrypoint and command were both empty
 * (moby, daemon/commit.go, `merge`). So a command that equals the image's is the image's only beside its entrypoint.
 */
export function commandFor(
  { Entrypoint: entrypoint, Cmd: command }: Pick<ContainerConfig, "Entrypoint" | "Cmd">,
  image: Pick<ImageConfig, "Entrypoint" | "Cmd"> | undefined,
): CommandMembers {
  const cmd = isGiven(command) ? { Cmd: command } : {};
  const isImages = isSameList(command, image?.Cmd);
  if (image !== undefined && isSameList(entrypoint, image.Entrypoint)) {
    if (isImages) return {};
    return isGiven(command) ? cmd : entrypointOnly(entrypoint);
  }
  if (isGiven(entrypoint)) return { Entrypoint: entrypoint, ...cmd };
  // `[]` lets the engine fill in the command, `[""]` (what `--entrypoint ""` sends) does not.
  if (Array.isArray(entrypoint) && isImages) return { Entrypoint: [] };
  return { Entrypoint: Array.isArray(entrypoint) ? [] : [""], ...cmd };
}

/** Given alone, an entrypoint keeps the engine from taking the image's command. */
function entrypointOnly(entrypoint: readonly string[] | null | undefined): CommandMembers {
  return isGiven(entrypoint) ? { Entrypoint: entrypoint } : {};
}

function isGiven(list: readonly string[] | null | undefined): list is readonly string[] {
  return list !== null && list !== undefined && list.length > 0;
}

function isSameList(one: readonly string[] | null | undefined, other: readonly string[] | null | undefined): boolean {
  return isDeepStrictEqual(one ?? [], other ?? []);
}
