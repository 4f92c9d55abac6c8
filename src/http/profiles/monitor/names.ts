import type { ServedNode } from "../../../core/doors.ts";
import type { Entry } from "../../../core/ports.ts";
import type { ProfileSubject } from "../profile.ts";

/*
 * One engine is all that Docker Monitor Image knows. The containers of the first one have their own names here, those of
 * further ones `name@node`, so that a name always stands for the same container; no container's name can hold an `@`.
 */

/** A container with the engine that has it. */
export interface Found {
  readonly node: ServedNode;
  readonly entry: Entry;
  /** What it is called here. */
  readonly name: string;
}

export function shownName(name: string, node: ServedNode, { isFirst }: Pick<ProfileSubject, "isFirst">): string {
  return isFirst(node) ? name : `${name}@${node.name}`;
}

export function allFound(nodes: readonly ServedNode[], subject: Pick<ProfileSubject, "isFirst">): readonly Found[] {
  return nodes.flatMap((node) =>
    node.inventory.all().map((entry) => ({ node, entry, name: shownName(entry.container.name, node, subject) })),
  );
}

/** The container that is called so, or the only one whose id begins so: the engine takes both, too. */
export function foundAs(subject: ProfileSubject, wanted: string): Found | undefined {
  const all = allFound(subject.nodes(), subject);
  const named = all.find(({ name }) => name === wanted);
  if (named !== undefined || !/^[0-9a-f]{1,64}$/.test(wanted)) return named;
  const [first, second] = all.filter(({ entry }) => entry.container.id.startsWith(wanted));
  return second === undefined ? first : undefined;
}
