import { stringify } from "yaml";
import { type Config, fileFrom } from "./config.ts";
import { configKeys } from "./keys.ts";
import { pathsOf } from "./tree.ts";

const mask = "***";

/** The effective configuration as YAML in the schema's order, each secret as `***`. */
export function maskedConfig(config: Config): string {
  const tree: unknown = fileFrom(config);
  let masked = tree;
  for (const key of configKeys().filter(({ secret }) => secret)) {
    for (const path of pathsOf(key, tree)) masked = replaced(masked, path);
  }
  return stringify(masked, { lineWidth: 0 });
}

function replaced(tree: unknown, path: readonly (string | number)[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return mask;
  if (Array.isArray(tree))
    return tree.map((member: unknown, index) => (index === step ? replaced(member, rest) : member));
  const section = tree as Readonly<Record<string, unknown>>;
  return { ...section, [step]: replaced(section[step], rest) };
}
