import { isImage } from "./auto-update.ts";
import { currentCheck } from "./entry.ts";
import { labelsFrom } from "./labels.ts";
import type { UpdateSelector } from "./operation.ts";
import type { Entry } from "./ports.ts";

export type UpdateSelection =
  | { readonly kind: "selected"; readonly names: readonly string[] }
  | { readonly kind: "unknown"; readonly names: readonly string[] };

/**
 * Which containers an update of several is about. Named ones always, whether an update of them is known or not; others
 * where one is, and where no label keeps them from being updated. `isOwn` tells Gangway's own container, which comes last.
 */
export function selectForUpdate(
  entries: readonly Entry[],
  { containers, image, project }: UpdateSelector,
  isOwn: (name: string) => boolean,
): UpdateSelection {
  const known = new Set(entries.map(({ container }) => container.name));
  const unknown = (containers ?? []).filter((name) => !known.has(name));
  if (unknown.length > 0) return { kind: "unknown", names: unknown };
  const names = entries
    .filter(({ container }) => containers === undefined || containers.includes(container.name))
    .filter(({ container }) => image === undefined || isImage(container.image, image))
    .filter(({ container }) => project === undefined || container.labels["com.docker.compose.project"] === project)
    .filter((entry) => containers !== undefined || isOutdated(entry))
    .map(({ container }) => container.name);
  return { kind: "selected", names: [...names.filter((name) => !isOwn(name)), ...names.filter(isOwn)] };
}

function isOutdated(entry: Entry): boolean {
  const isOff = labelsFrom(entry.container.labels).updates?.word === "off";
  return !isOff && currentCheck(entry)?.verdict === "update_available";
}
