import { brokerUrlFrom } from "./address.ts";
import type { Key } from "./keys.ts";
import { at, pathsOf } from "./tree.ts";

/** Every password and token in `tree`, in each form in which it might turn up elsewhere. */
export function secretsIn(tree: unknown, keys: readonly Key[]): readonly string[] {
  const values = keys
    .filter((key) => key.secret)
    .flatMap((key) => pathsOf(key, tree))
    .map((path) => at(tree, path))
    .filter((value) => typeof value === "string" || typeof value === "number");
  const url = at(tree, ["mqtt", "url"]);
  return [...values.map(String), ...(typeof url === "string" ? passwordsIn(url) : [])];
}

function passwordsIn(url: string): readonly string[] {
  // By hand as well: an address that does not parse may still hold a password.
  const written = /^[a-z]+:\/\/[^:@]*:(?<password>.*)@/is.exec(url)?.groups?.["password"];
  return [brokerUrlFrom(url)?.password, written].filter((text) => text !== undefined);
}
