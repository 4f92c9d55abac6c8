import type { Path } from "./tree.ts";

/** Where a value was written. */
export type Origin =
  /** Line and column count from 1. */
  | { readonly kind: "file"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "option"; readonly name: string }
  | { readonly kind: "image" }
  | { readonly kind: "default" };

/** One thing that keeps Gangway from starting. Holds no value of a secret. */
export interface Problem {
  readonly origin: Origin;
  /** `check.concurrency`, `engines[1].node`; empty where it is about no key. */
  readonly key: string;
  /** To be read after "expected". */
  readonly expected: string;
  /** To be read after "found". */
  readonly found: string;
}

/** What is wrong with a value, before it is known where it was written. */
export interface Fault {
  readonly path: Path;
  /** Is the key itself the fault, not its value? */
  readonly isKey?: boolean;
  readonly expected: string;
  readonly found: string;
}

/** One line for a person: `config.yaml:3:5: check.concurrency: expected …, found …`. */
export function problemText(problem: Problem): string {
  const key = problem.key === "" ? "" : `${problem.key}: `;
  return `${originText(problem.origin)}: ${key}expected ${problem.expected}, found ${problem.found}`;
}

function originText(origin: Origin): string {
  switch (origin.kind) {
    case "file":
      return `${origin.file}:${origin.line}:${origin.column}`;
    case "environment":
    case "option":
      return origin.name;
    case "image":
      return "image defaults";
    case "default":
      return "configuration";
    default:
      return origin satisfies never;
  }
}

/** Files first, by line; then the environment and options, by name. */
export function compareProblems(a: Problem, b: Problem): number {
  return rankOf(a) - rankOf(b) || originText(a.origin).localeCompare(originText(b.origin), "en");
}

function rankOf({ origin }: Problem): number {
  return origin.kind === "file" ? origin.line + origin.column / 100_000 : Number.MAX_SAFE_INTEGER;
}

const longestShown = 60;

/** What kind of value this is, for values that are not shown. */
export function kindText(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a section";
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  return `a ${typeof value}`;
}

/** The value as it is shown in a problem; addresses lose what stands before an `@`, for that may be a password. */
export function foundText(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return kindText(value);
  const shown = value.replace(/^(?<scheme>[a-z][a-z+.-]*:\/\/)?.*@/is, "$<scheme>***@");
  return JSON.stringify(shown.length > longestShown ? `${shown.slice(0, longestShown)}…` : shown);
}

/** What to expect instead of an unknown name; `known` is the one that was probably meant. */
export function expectedName(kind: string, known: string | undefined): string {
  return known === undefined ? `a known ${kind}` : `a known ${kind} (${known}?)`;
}
