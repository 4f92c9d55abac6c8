import type { ServedNode } from "../../../core/doors.ts";

/*
 * One engine is all that Docker Monitor Image knows. The containers of the first one have their own names here, those of
 * further ones `name@node`, so that a name always stands for the same container; no container's name can hold an `@`.
 */

export function shownName(name: string, node: Pick<ServedNode, "name">, index: number): string {
  return index === 0 ? name : `${name}@${node.name}`;
}
