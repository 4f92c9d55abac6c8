import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { type Entry, type Extract, extract } from "tar-stream";
import { z } from "zod";
import { type MonkeyBackup, monkeyTimeOf } from "../../core/container-monkey.ts";
import type { ContainerInspect } from "../../core/inspect.ts";
import { GangwayError, messageOf } from "../../lib/errors.ts";
import { parseExact } from "../../lib/exact-json.ts";
import { rerooted } from "./rerooted.ts";

/** An engine's description of a container is some kilobytes. */
const longestText = 4 * 2 ** 20;
const config = "container_config.json";
const metadata = "backup_metadata.json";
const image = "image.tar";
/** Text in place of the image where it could not be saved. */
const noImage = "# Image export failed";

const Metadata = z.looseObject({ backup_date: z.string().optional() });

/** Its small members, and the names of the others. Rejects with `backup_damaged` where it is no backup of that program. */
export async function lookIntoMonkeyBackup(
  path: string,
  parseInspect: (answer: unknown) => ContainerInspect,
  signal: AbortSignal,
): Promise<MonkeyBackup> {
  const texts = new Map<string, string>();
  const archives = new Set<string>();
  let hasImage = false;
  await eachMember(path, signal, async (name, entry) => {
    const { size = 0 } = entry.header;
    if (name === image) hasImage = !(await startsWith(entry, noImage));
    else if (/^volumes\/.+_data\.tar\.gz$/.test(name)) archives.add(name);
    else if (name === config || name === metadata) {
      if (size > longestText) throw notOne(path, `${name} has ${size} bytes`);
      texts.set(name, (await buffer(entry)).toString());
    }
  });
  try {
    const found = parseExact(texts.get(config) ?? "");
    const inspect = parseInspect(Array.isArray(found) ? found[0] : found);
    const told = Metadata.safeParse(parseExact(texts.get(metadata) ?? "{}")).data?.backup_date;
    const createdAt = monkeyTimeOf(basename(path), told);
    if (createdAt === undefined) throw new Error("it does not say when it was made");
    return { inspect, createdAt, archives, hasImage };
  } catch (error) {
    throw notOne(path, texts.has(config) ? messageOf(error) : `it has no ${config}`);
  }
}

/** The archive of a volume, as that of one of Gangway's parts: all that it holds lies below `root`. */
export async function* monkeyPart(
  path: string,
  member: string,
  root: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const { source, extraction } = openMembers(path, signal);
  try {
    for await (const entry of extraction) {
      if (nameOf(entry) !== member) {
        entry.resume();
        continue;
      }
      const unpacked = pipeline(entry, createGunzip(), () => {});
      yield* rerooted(unpacked, root);
      return;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw notOne(path, `${member} cannot be read: ${messageOf(error)}`);
  } finally {
    source.destroy();
    extraction.destroy();
  }
}

async function eachMember(
  path: string,
  signal: AbortSignal,
  look: (name: string, entry: Entry) => Promise<void>,
): Promise<void> {
  const { source, extraction } = openMembers(path, signal);
  try {
    for await (const entry of extraction) {
      await look(nameOf(entry), entry);
      entry.resume();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof GangwayError ? error : notOne(path, messageOf(error));
  } finally {
    source.destroy();
    extraction.destroy();
  }
}

function openMembers(path: string, signal: AbortSignal): { readonly source: Readable; readonly extraction: Extract } {
  const source = createReadStream(path, { signal });
  const extraction = extract();
  pipeline(source, createGunzip(), extraction, () => {});
  return { source, extraction };
}

/** Its members' names begin with `./`. */
function nameOf({ header: { name } }: Entry): string {
  return name.replace(/^(?:\.\/)+/, "");
}

async function startsWith(entry: Entry, text: string): Promise<boolean> {
  let begin = "";
  for await (const piece of entry) if (begin.length < text.length) begin += piece.toString("latin1");
  return begin.startsWith(text);
}

function notOne(path: string, reason: string): GangwayError {
  return new GangwayError("backup_damaged", `${basename(path)} is no whole backup of Container Monkey: ${reason}`);
}
