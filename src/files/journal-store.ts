import { readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { GangwayError } from "../lib/errors.ts";
import { parseExact } from "../lib/exact-json.ts";
import { type OnDamage, readJson, setAside, writeJson } from "./atomic-json.ts";
import { codeOf, ensureDirectory, flushDirectory } from "./directory.ts";

/** What is kept of a running operation, so that a crash at any moment can be made good. */
export interface Journal<Entry extends { readonly operation: string }> {
  /** Replaces the operation's entry; resolves when it survives a power cut. Rejects with `file_failed`. */
  readonly put: (entry: Entry) => Promise<void>;
  /** Removes the operation's entry, where there is one. Rejects with `file_failed`. */
  readonly remove: (operation: string) => Promise<void>;
  /** All entries, by operation. A damaged one is set aside, reported and left out. Rejects with `file_failed`. */
  readonly all: () => Promise<readonly Entry[]>;
}

const suffix = ".json";
/** What write-file-atomic leaves behind when the process is killed. */
const leftover = /\.json\.\d+$/;
/** A younger one may be what another process is just writing: a helper container shares this directory. */
const leftoverAgeMs = 60_000;

export interface JournalForm<Entry> {
  readonly directory: string;
  readonly schema: z.ZodType<Entry>;
  /** The number in the member `schema` of an entry that this program writes. */
  readonly version: number;
}

/**
 * Opens the journal in `directory`, which is made where it is missing: one file `<operation>.json` for each entry. Puts
 * and removals happen in the order of the calls. Rejects with `file_failed` where a newer Gangway has left an operation
 * half done: only that one knows how to finish it.
 */
export async function openJournal<Entry extends { readonly operation: string }>(
  { onDamage }: { readonly onDamage: OnDamage },
  { directory, schema, version }: JournalForm<Entry>,
): Promise<Journal<Entry>> {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(act);
    last = turn.catch(() => {});
    return turn;
  };
  const failed = (cause: unknown): never => {
    throw cause instanceof GangwayError
      ? cause
      : new GangwayError("file_failed", `the journal in ${directory} failed`, { cause });
  };

  await clear(directory).catch(failed);
  await refuseNewer(directory, version).catch(failed);
  return {
    put: (entry) => inTurn(() => writeJson(join(directory, fileName(entry.operation)), entry)),
    remove: (operation) => inTurn(() => removeFile(directory, fileName(operation)).catch(failed)),
    all: () => inTurn(() => readAll(onDamage, directory, schema).catch(failed)),
  };
}

/** What stands in the journal of another process. Changes nothing; rejects with `file_failed` where it cannot be read. */
export async function readJournal<Entry>({
  directory,
  schema,
}: Pick<JournalForm<Entry>, "directory" | "schema">): Promise<readonly Entry[]> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith(suffix));
    // One that is gone meanwhile has ended.
    const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8").catch(orNothing)));
    return texts.flatMap((text) => (text === undefined ? [] : [schema.parse(parseExact(text))]));
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return [];
    throw new GangwayError("file_failed", `the journal in ${directory} cannot be read`, { cause });
  }
}

function orNothing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
}

async function clear(directory: string): Promise<void> {
  await ensureDirectory(directory);
  const names = (await readdir(directory)).filter((name) => leftover.test(name));
  for (const path of names.map((name) => join(directory, name))) {
    const written = await stat(path).catch(() => undefined);
    if (written !== undefined && Date.now() - written.mtimeMs > leftoverAgeMs) await rm(path, { force: true });
  }
}

async function refuseNewer(directory: string, version: number): Promise<void> {
  for (const name of (await readdir(directory)).filter((found) => found.endsWith(suffix))) {
    const path = join(directory, name);
    const written = versionIn(await readFile(path, "utf8"));
    if (written === undefined || written <= version) continue;
    const message =
      `${path} was written by a newer Gangway (its schema is ${written}, this one knows ${version}); ` +
      "run that one again, so that it finishes what it has begun";
    throw new GangwayError("file_failed", message);
  }
}

function versionIn(text: string): number | undefined {
  try {
    const { schema } = parseExact(text) as { readonly schema?: unknown };
    return typeof schema === "number" ? schema : undefined;
  } catch {
    // Damaged: set aside when it is read.
    return undefined;
  }
}

async function removeFile(directory: string, name: string): Promise<void> {
  await unlink(join(directory, name)).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
  });
  await flushDirectory(directory);
}

async function readAll<Entry extends { readonly operation: string }>(
  onDamage: OnDamage,
  directory: string,
  schema: z.ZodType<Entry>,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const name of (await readdir(directory)).filter((found) => found.endsWith(suffix)).sort()) {
    const path = join(directory, name);
    const entry = await readJson(path, schema, { onDamage });
    if (entry === undefined) continue;
    if (fileName(entry.operation) === name) entries.push(entry);
    else onDamage({ path, reason: "The file is about another operation.", setAside: await setAside(path) });
  }
  return entries;
}

/** An operation's id may come from outside: as a file name it is escaped, so that it cannot lead anywhere else. */
function fileName(operation: string): string {
  return `${encodeURIComponent(operation.toWellFormed())}${suffix}`;
}
