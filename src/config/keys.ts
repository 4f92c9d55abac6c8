import { z } from "zod";
import { nearest } from "./nearest.ts";
import { ConfigFile } from "./schema.ts";

/** One key of the configuration, as the schema has it. */
export interface Key {
  /** `["engines", "[]", "host"]`: `[]` stands for any place in a list. */
  readonly path: readonly string[];
  /** `engines[].host` */
  readonly name: string;
  /** The environment variable; absent for sections and for keys within lists. */
  readonly environment?: string;
  readonly kind: "section" | "text" | "number" | "boolean" | "list" | "objects";
  readonly secret: boolean;
  /** Must it be given wherever its section is? */
  readonly required: boolean;
  /** The default as it would be written; absent where there is none. */
  readonly fallback?: unknown;
  readonly description: string;
}

/** Any place in a list. */
export const anyPlace = "[]";

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly writeOnly?: boolean;
}

/** The JSON Schema (draft 7, which YAML editors understand) of what may be written in `config.yaml`. */
export function jsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(ConfigFile, { io: "input", target: "draft-7" });
}

/** The key that was probably meant by an unknown `name` in the section at `parent` (as in `Key.path`). */
export function keyMeantBy(name: string, parent: readonly string[], keys: readonly Key[]): Key | undefined {
  const last = (key: Key): string => key.path.at(-1) ?? "";
  const siblings = keys.filter(
    ({ path }) => path.length === parent.length + 1 && parent.every((step, index) => path[index] === step),
  );
  const near = nearest(name, siblings.map(last));
  const elsewhere = keys.find((key) => last(key) === name && !parent.includes(name));
  return siblings.find((key) => last(key) === near) ?? elsewhere;
}

/** All keys in the schema's order, each section before what is in it. */
export function configKeys(): readonly Key[] {
  return keysWithin(jsonSchema() as Node, []);
}

function keysWithin(node: Node, path: readonly string[]): readonly Key[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const childPath = [...path, name];
    const key = keyFrom(child, childPath, node.required?.includes(name) === true);
    if (key.kind === "objects") return [key, ...keysWithin(child.items ?? {}, [...childPath, anyPlace])];
    return [key, ...keysWithin(child, childPath)];
  });
}

function keyFrom(node: Node, path: readonly string[], required: boolean): Key {
  const kind = kindOf(node);
  const hasVariable = kind !== "section" && !path.includes(anyPlace);
  return {
    path,
    name: path.join(".").replaceAll(`.${anyPlace}`, anyPlace),
    ...(hasVariable ? { environment: `GANGWAY_${path.join("__").toUpperCase()}` } : {}),
    kind,
    secret: node.writeOnly === true,
    required,
    ...(node.default === undefined || kind === "section" ? {} : { fallback: node.default }),
    description: node.description ?? "",
  };
}

function kindOf(node: Node): Key["kind"] {
  switch (node.type) {
    case "object":
      return "section";
    case "array":
      return node.items?.type === "object" ? "objects" : "list";
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return "number";
    default:
      return "text";
  }
}
