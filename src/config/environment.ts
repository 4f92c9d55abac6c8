import type { Key } from "./keys.ts";
import type { Layer } from "./layers.ts";
import { nearest } from "./nearest.ts";
import { expectedName, type Problem } from "./problems.ts";
import type { ReadFile } from "./source.ts";
import { type Path, withValue } from "./tree.ts";

/** The program's environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable under the name that other tools use. `read` turns their form of the value into ours. */
export interface Alias {
  readonly name: string;
  readonly key: string;
  readonly read: (text: string) => string;
}

const pythonLevels: ReadonlyMap<string, string> = new Map([
  ["warning", "warn"],
  ["critical", "error"],
  ["fatal", "error"],
]);

/** The variables of other tools that are understood; Gangway's own names win over them. */
export const aliases: readonly Alias[] = [
  { name: "API_ENABLED", key: "http.enabled", read: (text) => text },
  { name: "AUTH_ENABLED", key: "http.auth", read: (text) => text },
  { name: "API_KEY", key: "http.api_key", read: (text) => text },
  { name: "ALLOWED_IPS", key: "http.allowed_ips", read: (text) => text },
  { name: "SETTINGS_PATH", key: "settings_path", read: (text) => text },
  { name: "CHECK_INTERVAL", key: "check.schedule", read: (text) => text },
  { name: "CHECK_CONCURRENCY", key: "check.concurrency", read: (text) => text },
  { name: "DRY_RUN", key: "update.dry_run", read: (text) => text },
  { name: "AUTO_COOLDOWN", key: "update.cooldown", read: (text) => text },
  {
    name: "LOG_LEVEL",
    key: "log.level",
    read: (text) => pythonLevels.get(text.toLowerCase()) ?? text.toLowerCase(),
  },
];

/** Two variables of another tool that together are one of `http.users`. */
export const userAliases: readonly { readonly name: string; readonly password: string }[] = [
  { name: "AUTH_USER", password: "AUTH_PASS" },
  { name: "WEBUI_USER", password: "WEBUI_PASSWORD" },
];

/** The variables that start with `GANGWAY_` and are no keys. */
const ownVariables = ["GANGWAY_CONFIG"];

interface Assignment {
  readonly key: Key;
  readonly variable: string;
  readonly value: unknown;
}

type Reading =
  | { readonly kind: "set"; readonly assignment: Assignment }
  | { readonly kind: "problem"; readonly problem: Problem };

/**
 * The layer of `GANGWAY_…` variables and, below it, of aliases. An empty variable counts as absent, as compose sets it
 * for `${NAME:-}`. `NAME_FILE` reads the value of `NAME` from a file and drops newlines at its end.
 */
export function environmentLayer(
  readFile: ReadFile,
  environment: Environment,
  keys: readonly Key[],
): { readonly layer: Layer; readonly problems: readonly Problem[] } {
  const given = Object.entries(environment).flatMap(([name, text]) =>
    text === undefined || text === "" ? [] : [{ name, text }],
  );
  const own = given
    .filter(({ name }) => name.startsWith("GANGWAY_") && !ownVariables.includes(name))
    .map(({ name, text }) => readVariable(readFile, environment, keys, { name, text }));
  const assignments = own.flatMap((reading) => (reading.kind === "set" ? [reading.assignment] : []));
  const foreign = given.flatMap(({ name, text }): readonly Assignment[] => {
    const alias = aliases.find((candidate) => candidate.name === name);
    const key = keys.find((candidate) => candidate.name === alias?.key);
    if (alias === undefined || key === undefined || assignments.some((known) => known.key === key)) return [];
    const parsed = valueFrom(key, alias.read(text.trim()));
    return parsed.kind === "value" ? [{ key, variable: name, value: parsed.value }] : [];
  });
  return {
    layer: layerFrom([...assignments, ...foreign, ...foreignUsers(environment, keys, assignments)]),
    problems: own.flatMap((reading) => (reading.kind === "problem" ? [reading.problem] : [])),
  };
}

/** As the tools have it: one of the two alone is nothing. */
function foreignUsers(
  environment: Environment,
  keys: readonly Key[],
  assignments: readonly Assignment[],
): readonly Assignment[] {
  const key = keys.find(({ name }) => name === "http.users");
  if (key === undefined || assignments.some((known) => known.key === key)) return [];
  const given = userAliases.flatMap((alias) => {
    const [name, password] = [environment[alias.name] ?? "", environment[alias.password] ?? ""];
    return name === "" || password === "" ? [] : [{ variable: alias.name, user: { name, password } }];
  });
  const variable = given.map((one) => one.variable).join(", ");
  return given.length === 0 ? [] : [{ key, variable, value: given.map(({ user }) => user) }];
}

function readVariable(
  readFile: ReadFile,
  environment: Environment,
  keys: readonly Key[],
  { name, text }: { readonly name: string; readonly text: string },
): Reading {
  const problem = (key: string, expected: string, found: string): Reading => ({
    kind: "problem",
    problem: { origin: { kind: "environment", name }, key, expected, found },
  });
  const exact = keys.find((key) => key.environment === name);
  if (exact !== undefined) return settled(exact, text);
  const stem = name.endsWith("_FILE") ? name.slice(0, -"_FILE".length) : undefined;
  const key = keys.find((candidate) => candidate.environment !== undefined && candidate.environment === stem);
  if (key === undefined || stem === undefined) {
    return problem("", expectedName("setting", variableMeantBy(name, keys)), "an unknown one");
  }
  if ((environment[stem] ?? "") !== "") return problem(key.name, `either ${stem} or ${name}`, "both");
  const file = readFile(text);
  if (file.kind === "missing") return problem(key.name, "a file with the value", `no file ${JSON.stringify(text)}`);
  if (file.kind === "unreadable") return problem(key.name, "a file with the value", file.reason);
  return settled(key, file.text.replace(/[\r\n]+$/, ""));

  function settled(target: Key, value: string): Reading {
    const parsed = valueFrom(target, value);
    if (parsed.kind === "fault") return problem(target.name, parsed.expected, parsed.found);
    return { kind: "set", assignment: { key: target, variable: name, value: parsed.value } };
  }
}

function variableMeantBy(name: string, keys: readonly Key[]): string | undefined {
  const withoutPrefix = (variable: string): string => variable.slice("GANGWAY_".length);
  const known = [...ownVariables, ...keys.flatMap(({ environment: variable }) => variable ?? [])];
  const match = nearest(withoutPrefix(name), known.map(withoutPrefix));
  return match === undefined ? undefined : `GANGWAY_${match}`;
}

type Parsed =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "fault"; readonly expected: string; readonly found: string };

const words: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

/** A variable's text in the form that the schema takes; what makes no sense is left for the schema to refuse. */
function valueFrom(key: Key, text: string): Parsed {
  switch (key.kind) {
    case "boolean":
      return { kind: "value", value: words.get(text.trim().toLowerCase()) ?? text };
    case "number":
      return { kind: "value", value: /^\s*-?\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : text };
    case "list":
      if (!text.trim().startsWith("[")) return { kind: "value", value: splitList(text) };
      return listFrom(text, "names separated by commas, or a JSON list");
    case "objects":
      return listFrom(text, "a JSON list of objects");
    case "section":
    case "text":
      return { kind: "value", value: text };
    default:
      return key.kind satisfies never;
  }
}

function splitList(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function listFrom(text: string, expected: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? { kind: "value", value } : { kind: "fault", expected, found: "other JSON" };
  } catch {
    return { kind: "fault", expected, found: "a text that is not JSON" };
  }
}

function layerFrom(assignments: readonly Assignment[]): Layer {
  return {
    value: assignments.reduce<unknown>((tree, { key, value }) => withValue(tree, key.path, value), {}),
    originOf: (path) => ({ kind: "environment", name: variableAt(assignments, path) }),
  };
}

function variableAt(assignments: readonly Assignment[], path: Path): string {
  const found = assignments.find(({ key }) => key.path.every((step, index) => path[index] === step));
  return found?.variable ?? "environment";
}
