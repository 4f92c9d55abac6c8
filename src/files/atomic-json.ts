import { readFile, realpath, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { z } from "zod";
import { GangwayError } from "../lib/errors.ts";
import { parseExact, stringifyExact } from "../lib/exact-json.ts";
import { systemClock } from "../lib/time.ts";
import { codeOf, flushDirectory } from "./directory.ts";

/** A file that did not hold what it should. */
export interface Damage {
  readonly path: string;
  /** One sentence, without anything of the content. */
  readonly reason: string;
  /** Where the file has been moved; undefined where even that failed, or where it is another process's. */
  readonly setAside: string | undefined;
}

export type OnDamage = (damage: Damage) => void;

/**
 * The value in the JSON file at `path`; undefined where there is no file. A file that is not JSON, or not what `schema`
 * says, is renamed to `<path>.corrupt-<time>` and reported; the answer is then undefined as well. Integers beyond 2^53
 * arrive as `RawNumber`. Rejects with `file_failed` where the file cannot be read at all.
 */
export async function readJson<Value>(
  path: string,
  schema: z.ZodType<Value>,
  { onDamage }: { readonly onDamage: OnDamage },
): Promise<Value | undefined> {
  const text = await textAt(path);
  if (text === undefined) return undefined;
  const found = valueFrom(text, schema);
  if (found.kind === "value") return found.value;
  onDamage({ path, reason: found.reason, setAside: await setAside(path) });
  return undefined;
}

/**
 * The same of a file that another process owns: one that does not hold what it should is reported, and left as it is.
 */
export async function peekJson<Value>(
  path: string,
  schema: z.ZodType<Value>,
  { onDamage }: { readonly onDamage: OnDamage },
): Promise<Value | undefined> {
  const text = await textAt(path);
  if (text === undefined) return undefined;
  const found = valueFrom(text, schema);
  if (found.kind === "value") return found.value;
  onDamage({ path, reason: found.reason, setAside: undefined });
  return undefined;
}

/**
 * Replaces the file at `path` (mode 0600) by the JSON text of `value`, wholly or not at all: when this resolves, the new
 * content survives a power cut; when it rejects with `file_failed`, the old content is still there. Several writes of
 * one path happen in the order of the calls. The directory must exist.
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const text = `${stringifyExact(value, 2)}\n`;
  try {
    await writeFileAtomic(path, "", {
      mode: 0o600,
      fsync: true,
      // The package itself takes a short write (a full disk) for a whole one, and would put half a file in place.
      tmpfileCreated: (temporary) => writeFile(temporary, text),
    });
    // It does not flush the directory either; a link leads to another one.
    await flushDirectory(dirname(await realpath(path)));
  } catch (cause) {
    throw new GangwayError("file_failed", `cannot write ${path}`, { cause });
  }
}

async function textAt(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw new GangwayError("file_failed", `cannot read ${path}`, { cause });
  }
}

type Found<Value> =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "damaged"; readonly reason: string };

function valueFrom<Value>(text: string, schema: z.ZodType<Value>): Found<Value> {
  let json: unknown;
  try {
    json = parseExact(text);
  } catch {
    return { kind: "damaged", reason: "The file is not JSON." };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: "value", value: parsed.data };
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? "the whole" : issue.path.join(".");
  return { kind: "damaged", reason: `The file does not hold what it should (${place}).` };
}

/** Moves a damaged file out of the way, under a name that says when; undefined where that fails. */
export async function setAside(path: string): Promise<string | undefined> {
  const time = new Date(systemClock.now()).toISOString().replaceAll(/[-:.]/g, "");
  const target = `${path}.corrupt-${time}`;
  try {
    await rename(path, target);
    await flushDirectory(dirname(path));
    return target;
  } catch {
    return undefined;
  }
}
