import { anyPlace, type Key } from "./keys.ts";

/** The way to a value in what was written: keys and places in lists. */
export type Path = readonly (string | number)[];

/** `engines[1].host` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** The value at `path` in `tree`; undefined where there is none. */
export function at(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}

/** `tree` with `value` at `path`; sections on the way are made where they are missing. */
export function withValue(tree: unknown, path: readonly string[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const section = isSection(tree) ? tree : {};
  return { ...section, [step]: withValue(section[step], rest, value) };
}

export function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Does what stands at `path` in a file belong to `key`? */
export function isAt(key: Key, path: Path): boolean {
  return (
    key.path.length === path.length &&
    key.path.every((step, index) => (step === anyPlace ? typeof path[index] === "number" : step === path[index]))
  );
}

/** Every path in `tree` that belongs to `key` and has a value. */
export function pathsOf(key: Key, tree: unknown): readonly Path[] {
  let paths: readonly Path[] = [[]];
  for (const step of key.path) {
    paths = paths.flatMap((path) => {
      if (step !== anyPlace) return [[...path, step]];
      const list = at(tree, path);
      return Array.isArray(list) ? list.map((_, index) => [...path, index]) : [];
    });
  }
  return paths.filter((path) => at(tree, path) !== undefined);
}

/** The schema's own depth with room to spare: a file may refer to itself, and then has no end. */
const deepest = 12;

/** `tree` without empty keys (`url:` and nothing after it): they count as absent. */
export function withoutNulls(tree: unknown, depth = deepest): unknown {
  if (!isSection(tree) && !Array.isArray(tree)) return tree;
  if (depth === 0) return tree;
  if (Array.isArray(tree)) return tree.map((member: unknown) => withoutNulls(member, depth - 1));
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, member]) => (member === null ? [] : [[key, withoutNulls(member, depth - 1)]])),
  );
}
