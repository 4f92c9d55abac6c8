import { matchesGlob } from "node:path";
import { isTransientName } from "./container.ts";
import { labelsFrom } from "./labels.ts";

/** Which containers the configuration wants: exact names or globs. */
export interface Selection {
  /** Empty: all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Does Gangway watch this container? Transient names never; else its label decides, then `exclude`, then `include`.
 */
export function isSelected(name: string, labels: Readonly<Record<string, string>>, selection: Selection): boolean {
  if (isTransientName(name)) return false;
  const { enabled } = labelsFrom(labels);
  if (enabled !== undefined) return enabled;
  const matches = (pattern: string): boolean => pattern === name || matchesGlob(name, pattern);
  if (selection.exclude.some(matches)) return false;
  return selection.include.length === 0 || selection.include.some(matches);
}
