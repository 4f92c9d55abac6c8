/** How container modes of namespaces begin: `container:<id or name>`. */
export const containerMode = "container:";

/**
 * The name of the container that `reference` (an id, the start of one, or a name) stands for; undefined where it is not
 * known. Names outlive a replacement, ids do not.
 */
export function containerNameFor(reference: string, containers: ReadonlyMap<string, string>): string | undefined {
  const text = reference.startsWith("/") ? reference.slice(1) : reference;
  if ([...containers.values()].includes(text)) return text;
  if (!/^[0-9a-f]{12,}$/.test(text)) return undefined;
  const matches = [...containers].filter(([id]) => id.startsWith(text));
  return matches.length === 1 ? matches[0]?.[1] : undefined;
}

/** What `mode` refers to, if it is another container's namespace: the id or name. */
export function namespaceParentOf(mode: string | undefined): string | undefined {
  return mode?.startsWith(containerMode) === true ? mode.slice(containerMode.length) : undefined;
}

/**
 * A namespace mode for the new container. The engine stores the other container's id, whatever was given; by its name it
 * is still found after it has been replaced.
 */
export function namespaceModeFor<T extends string | undefined>(
  mode: T,
  containers: ReadonlyMap<string, string>,
): T | string {
  const parent = namespaceParentOf(mode);
  const name = parent === undefined ? undefined : containerNameFor(parent, containers);
  return name === undefined ? mode : `${containerMode}${name}`;
}
