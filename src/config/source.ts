import { readFileSync, statSync } from "node:fs";

/** What there is at a path. */
export type SourceFile =
  | { readonly kind: "text"; readonly text: string; readonly mode: number }
  | { readonly kind: "missing" }
  /** `reason` is to be read after "found". */
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads a file; the path is absolute, or relative to the working directory. */
export type ReadFile = (path: string) => SourceFile;

const reasons: Readonly<Record<string, string>> = {
  EISDIR: "a directory",
  EACCES: "one that may not be read",
  EPERM: "one that may not be read",
  ENOTDIR: "a path through something that is no directory",
};

/** `ReadFile` on the machine's own files. */
export function readFile(path: string): SourceFile {
  try {
    return { kind: "text", text: readFileSync(path, "utf8"), mode: statSync(path).mode };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT") return { kind: "missing" };
    return { kind: "unreadable", reason: reasons[code] ?? `one that cannot be read (${code})` };
  }
}
