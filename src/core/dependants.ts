import { composeDependenciesOf, isOfService, labelledDependenciesOf } from "./compose-dependencies.ts";
import { nameFrom } from "./container.ts";
import type { ContainerInspect } from "./inspect.ts";
import { successorsOf } from "./lost-parents.ts";
import { dependantsOf } from "./recreate.ts";

/** Who has to be replaced or restarted together with a container. Names, each after what it depends on. */
export interface Dependants {
  /** They live in its namespaces or have legacy links to it, directly or through one another: they need its new id. */
  readonly recreate: readonly string[];
  /** Compose's `depends_on` with `restart: true`, or a label, says that they are to be restarted after it. */
  readonly restart: readonly string[];
}

export type Grouping =
  | { readonly kind: "group"; readonly dependants: Dependants }
  /** They depend on each other in a circle. */
  | { readonly kind: "cycle"; readonly names: readonly string[] };

/** Finds the dependants of `target` among all containers of the engine. */
export function dependantsFor(target: ContainerInspect, all: readonly ContainerInspect[]): Grouping {
  const successors = successorsOf(all);
  const byName = new Map(all.map((inspect) => [nameFrom(inspect.Name), inspect]));
  const recreated = reach([target], (inspect) => [...dependantsOf(inspect, all, successors)], byName);
  if (recreated.kind === "cycle") return recreated;
  const replaced = [target, ...recreated.inspects];
  const restarted = reach(replaced, (inspect) => restartsWith(inspect, all), byName);
  if (restarted.kind === "cycle") return restarted;
  const recreate = recreated.inspects.map(({ Name }) => nameFrom(Name));
  const restart = restarted.inspects.map(({ Name }) => nameFrom(Name)).filter((name) => !recreate.includes(name));
  return { kind: "group", dependants: { recreate, restart } };
}

type Reached =
  | { readonly kind: "reached"; readonly inspects: readonly ContainerInspect[] }
  | { readonly kind: "cycle"; readonly names: readonly string[] };

/** Everything that can be reached from `roots`, without them, each after what it was reached from. */
function reach(
  roots: readonly ContainerInspect[],
  next: (inspect: ContainerInspect) => readonly string[],
  byName: ReadonlyMap<string, ContainerInspect>,
): Reached {
  const done: ContainerInspect[] = [];
  const path: string[] = [];
  const rootIds = new Set(roots.map(({ Id }) => Id));
  const visit = (inspect: ContainerInspect): readonly string[] | undefined => {
    const name = nameFrom(inspect.Name);
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.includes(inspect)) return undefined;
    path.push(name);
    for (const dependant of next(inspect)) {
      const found = byName.get(dependant);
      const circle = found === undefined ? undefined : visit(found);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.push(inspect);
    return undefined;
  };
  for (const root of roots) {
    const names = visit(root);
    if (names !== undefined) return { kind: "cycle", names };
  }
  return { kind: "reached", inspects: done.reverse().filter(({ Id }) => !rootIds.has(Id)) };
}

/** Who says of itself that it is to be restarted after `inspect`. */
function restartsWith(inspect: ContainerInspect, all: readonly ContainerInspect[]): readonly string[] {
  const name = nameFrom(inspect.Name);
  return all
    .filter((other) => other.Id !== inspect.Id)
    .filter(
      (other) =>
        labelledDependenciesOf(other).includes(name) ||
        composeDependenciesOf(other).some(({ service, restart }) => restart && isOfService(inspect, service, other)),
    )
    .map((other) => nameFrom(other.Name));
}
