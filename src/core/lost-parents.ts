import { composeDependenciesOf, isOfService, labelledDependenciesOf } from "./compose-dependencies.ts";
import { nameFrom } from "./container.ts";
import type { ContainerInspect } from "./inspect.ts";
import { containerNameFor, namespaceParentOf } from "./recreate/references.ts";

/**
 * Containers that are gone, by the ids by which others still refer to them, and the names of those that have taken their
 * places: somebody recreated one without those that live in its namespaces. Only where their labels leave no doubt.
 */
export function successorsOf(all: readonly ContainerInspect[]): ReadonlyMap<string, string> {
  const names = new Map(all.map(({ Id, Name }) => [Id, nameFrom(Name)]));
  return new Map(
    all.flatMap((inspect) =>
      lostParentsOf(inspect, names).flatMap((id) => {
        const successor = successorFor(inspect, all);
        return successor === undefined ? [] : [[id, successor] as const];
      }),
    ),
  );
}

/** The containers whose namespaces it uses, and which are gone: ids or names, as the engine has them. */
export function lostParentsOf(
  { HostConfig }: Pick<ContainerInspect, "HostConfig">,
  names: ReadonlyMap<string, string>,
): readonly string[] {
  const parents = [HostConfig.NetworkMode, HostConfig.IpcMode, HostConfig.PidMode].map(namespaceParentOf);
  return [...new Set(parents)].flatMap((parent) =>
    parent === undefined || containerNameFor(parent, names) !== undefined ? [] : [parent],
  );
}

function successorFor(inspect: ContainerInspect, all: readonly ContainerInspect[]): string | undefined {
  const services = composeDependenciesOf(inspect).map(({ service }) => service);
  const labelled = labelledDependenciesOf(inspect);
  const candidates = all
    .filter((other) => other.Id !== inspect.Id)
    .filter(
      (other) =>
        labelled.includes(nameFrom(other.Name)) || services.some((service) => isOfService(other, service, inspect)),
    );
  const [only] = candidates;
  return candidates.length === 1 && only !== undefined ? nameFrom(only.Name) : undefined;
}
