import { createRequire } from "node:module";

/** A regular expression that somebody else wrote. */
export type LinearPattern =
  | {
      readonly kind: "pattern";
      /** Does it match any part of `text`? Takes time that grows with the length of both, and no faster. */
      readonly matches: (text: string) => boolean;
    }
  /** To be read after "is refused: ". */
  | { readonly kind: "refused"; readonly reason: string };

export const longestPattern = 1024;
/** Steps that each character can take at most: a pattern for tags has some dozens. */
const largestProgram = 2_000;

const unsupported: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, "lookaheads and lookbehinds are not supported"],
  [/\\(?:[1-9]|k[<{'])/, "back references are not supported"],
  [/\(\?>|[+*?}]\+/, "atomic groups and possessive quantifiers are not supported"],
];

/**
 * Compiles `text` for an engine that does not backtrack, so that no pattern can take the program's time
 * (https://github.com/google/re2/wiki/Syntax). The engine is only loaded where there is a pattern: that costs 5 MiB.
 */
export function linearPatternFrom(text: string): LinearPattern {
  if (text.length > longestPattern) return { kind: "refused", reason: `it has more than ${longestPattern} characters` };
  const { RE2JS, RE2JSException, RE2JSSyntaxException } = engine();
  try {
    const compiled = RE2JS.compile(text);
    if (compiled.programSize() > largestProgram) return { kind: "refused", reason: "it counts too far" };
    return { kind: "pattern", matches: (subject) => compiled.test(subject) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const known = unsupported.find(([form]) => form.test(text))?.[1];
    const place = error instanceof RE2JSSyntaxException && error.input !== null ? ` (${error.input})` : "";
    const fault = error instanceof RE2JSSyntaxException ? error.error : error.message;
    return { kind: "refused", reason: known ?? `${fault}${place}` };
  }
}

/** The configuration is read without waiting, so `import()` will not do. */
function engine(): typeof import("re2js") {
  return createRequire(import.meta.url)("re2js") as typeof import("re2js");
}
