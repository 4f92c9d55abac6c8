import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { type Path, pathText } from "./tree.ts";

export interface Position {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a file's YAML. */
export interface YamlFault extends Position {
  readonly key: string;
  readonly expected: string;
  readonly found: string;
}

export interface YamlFile {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** False where the faults leave nothing of which the rest could be judged. */
  readonly readable: boolean;
  /** Where the value at `path` (or its key) stands, or the nearest thing around it that is there. */
  readonly positionOf: (path: Path, part: "key" | "value") => Position;
}

/** A file of ours has a handful of aliases; thousands are an attack (https://en.wikipedia.org/wiki/Billion_laughs_attack). */
const maxAliasCount = 100;

/**
 * What each of the parser's complaints is called here. Its own messages are not shown: they quote the source, and that
 * may be a password.
 */
const complaints: Readonly<Record<string, readonly [expected: string, found: string]>> = {
  TAB_AS_INDENT: ["spaces for indentation", "a tab"],
  DUPLICATE_KEY: ["each key once", "this key a second time"],
  BAD_INDENT: ["indentation like that of the lines around it", "another one"],
  BAD_DQ_ESCAPE: ["a valid escape sequence (or single quotes)", "a backslash in double quotes that starts none"],
  BAD_SCALAR_START: ["quotes around a text that starts with this character", "none"],
  MISSING_CHAR: ["a closing quote or bracket, or a space after a colon or comma", "none"],
  MULTILINE_IMPLICIT_KEY: ["`key: value` on one line", "a key that goes over several lines (is a colon missing?)"],
  BLOCK_AS_IMPLICIT_KEY: ["one `key: value` in a line (or quotes around a text with a colon)", "several"],
  MULTIPLE_DOCS: ["one document", "a second one (a line with ---)"],
  NON_STRING_KEY: ["a text as key", "something else"],
  TAG_RESOLVE_FAILED: ["a value without a tag", "an unknown tag (starting with !)"],
  RESOURCE_EXHAUSTION: ["a file of reasonable depth", "one that is too deep"],
};

/** Parses YAML 1.2. Never throws: everything that is wrong is in `faults`. */
export function parseYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const complaintsFound = [...document.errors, ...document.warnings].map((error): YamlFault => {
    const [expected, found] = complaints[error.code] ?? ["well-formed YAML", "something else"];
    const key = error.code === "DUPLICATE_KEY" ? keyAt(document, error.pos[0]) : "";
    return { ...position(error.pos[0]), key, expected, found };
  });
  const wellFormed = document.errors.every(({ code }) => code === "DUPLICATE_KEY");
  const { value, faults } = wellFormed ? contentOf(document, position) : { value: undefined, faults: [] };
  return {
    value,
    faults: [...complaintsFound, ...faults],
    readable: wellFormed && faults.length === 0,
    positionOf: (path, part) => position(offsetOf(document, path, part)),
  };
}

function contentOf(
  document: Document.Parsed,
  position: (offset: number) => Position,
): { readonly value: unknown; readonly faults: readonly YamlFault[] } {
  const dangling: YamlFault[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const place = position(alias.range?.[0] ?? 0);
      dangling.push({ ...place, key: "", expected: "an anchor (&) before this alias (*), or quotes", found: "none" });
    },
  });
  if (dangling.length > 0) return { value: undefined, faults: dangling };
  try {
    return { value: document.toJS({ maxAliasCount }) as unknown, faults: [] };
  } catch {
    // With all aliases resolved, this is the only thing that toJS refuses.
    const expected = `at most ${maxAliasCount} uses of aliases (*)`;
    return { value: undefined, faults: [{ ...position(0), key: "", expected, found: "more" }] };
  }
}

function keyAt(document: Document.Parsed, offset: number): string {
  let found = "";
  visit(document, {
    Pair: (_key, pair, ancestors) => {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      const steps = [...ancestors, pair].flatMap((ancestor, index, all): Path => {
        if ("key" in ancestor && isScalar(ancestor.key)) return [String(ancestor.key.value)];
        return isSeq(ancestor) ? [ancestor.items.indexOf([...all, pair][index + 1])] : [];
      });
      found = pathText(steps);
      return visit.BREAK;
    },
  });
  return found;
}

function offsetOf(document: Document.Parsed, path: Path, part: "key" | "value"): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      const key = pair?.key as Node | undefined;
      if (pair === undefined || key === undefined) return offset;
      node = pair.value as Node | null;
      const wantsKey = (part === "key" && index === path.length - 1) || !hasText(node);
      offset = (wantsKey ? key.range?.[0] : node?.range?.[0]) ?? offset;
    } else if (isSeq(node)) {
      node = node.items[Number(step)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function hasText(node: Node | null | undefined): boolean {
  const range = node?.range;
  return range !== undefined && range !== null && range[1] > range[0];
}
