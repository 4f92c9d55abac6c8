import type { z } from "zod";
import { anyPlace, type Key, keyMeantBy } from "./keys.ts";
import { expectedName, type Fault, foundText, kindText } from "./problems.ts";
import type { ReadFile } from "./source.ts";
import { at, isAt, type Path, pathsOf } from "./tree.ts";

/** The schema's complaint `issue` about `tree` in our words: one for each unknown key. */
export function faultsFrom(issue: z.core.$ZodIssue, tree: unknown, keys: readonly Key[]): readonly Fault[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code === "unrecognized_keys") {
    const section = path.map((step) => (typeof step === "number" ? anyPlace : step));
    return issue.keys.map((name) => ({
      path: [...path, name],
      isKey: true,
      expected: expectedName("key", keyMeantBy(name, section, keys)?.name),
      found: "an unknown one",
    }));
  }
  const value = at(tree, path);
  const key = keys.find(
    (candidate) => isAt(candidate, path) || (candidate.kind === "list" && isAt(candidate, path.slice(0, -1))),
  );
  // A section that was written as a text may have a password in it.
  const isShown = key !== undefined && !key.secret && key.kind !== "section" && key.kind !== "objects";
  const found = isShown ? foundText(value) : kindText(value);
  const wantsText = issue.code === "invalid_type" && issue.expected === "string";
  const hint = wantsText && (typeof value === "number" || typeof value === "boolean") ? " (quotes make it a text)" : "";
  return [{ path, expected: issue.message, found: `${found}${hint}` }];
}

/** The certificate and key files in `tree` that cannot be read: better told now than at the first connection. */
export function unreadableFiles(readFile: ReadFile, tree: unknown, keys: readonly Key[]): readonly Fault[] {
  const paths: readonly Path[] = keys.filter(({ name }) => name.endsWith("_file")).flatMap((key) => pathsOf(key, tree));
  return paths.flatMap((path): readonly Fault[] => {
    const name = at(tree, path);
    const file = typeof name === "string" ? readFile(name) : undefined;
    if (file === undefined || file.kind === "text") return [];
    const found = file.kind === "missing" ? `no file ${foundText(name)}` : file.reason;
    return [{ path, expected: "a file that can be read", found }];
  });
}
