import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Entry, extract, type Headers, type Pack, pack } from "tar-stream";
import { createTarScanner } from "../../lib/tar-scan.ts";

/** tar-stream reads and writes these members as well. */
interface Member extends Headers {
  /** The records of a POSIX extended header. */
  readonly pax?: Readonly<Record<string, string>> | undefined;
}

/** What a plain header has room for. */
const largestId = 0o7777777;

/**
 * A tar archive of a directory's content (`./a`), as one with all of that below `root` (`v0/a`), which comes first. Throws
 * where it is damaged, or where a name in it leads out of the directory.
 */
export async function* rerooted(archive: Readable, root: string): AsyncGenerator<Buffer, void, undefined> {
  const extraction = extract();
  const result = pack();
  const read = pipeline(archive, scanned, extraction);
  const copied = copy(extraction, result, root);
  // Whichever fails first: the result is what is read, and throws it.
  for (const work of [read, copied]) work.catch((error: unknown) => void result.destroy(error as Error));
  try {
    yield* result;
    await Promise.all([read, copied]);
  } finally {
    archive.destroy();
    extraction.destroy();
    result.destroy();
  }
}

/** tar-stream keeps an extended header of any length, and takes an archive without its end for a whole one. */
async function* scanned(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const scanner = createTarScanner({ onMember: () => {} }, (reason) => new Error(reason));
  for await (const piece of archive) {
    scanner.write(piece);
    yield piece;
  }
  scanner.end();
}

async function copy(members: AsyncIterable<Entry>, result: Pack, root: string): Promise<void> {
  let isBegun = false;
  for await (const entry of members) {
    const header = headerBelow(root, entry.header as Member);
    if (!isBegun && header.name !== `${root}/`)
      await put(result, { name: `${root}/`, type: "directory", mode: 0o4_0755 });
    isBegun = true;
    if (header.type === "file") {
      const sink = result.entry(header);
      await pipeline(entry, sink);
    } else {
      entry.resume();
      await put(result, header);
    }
  }
  if (!isBegun) await put(result, { name: `${root}/`, type: "directory", mode: 0o4_0755 });
  result.finalize();
}

function put(result: Pack, header: Headers): Promise<void> {
  return new Promise((resolve, reject) => {
    result.entry(header, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

function headerBelow(root: string, header: Member): Member {
  const { type, mode = 0, uid = 0, gid = 0 } = header;
  // The library takes a mode of its own where there is none.
  const kind = type === "directory" ? 0o4_0000 : 0o10_0000;
  const { path: _, linkpath: __, size: ___, ...kept } = header.pax ?? {};
  const pax = { ...kept, ...(Math.max(uid, gid) > largestId ? { uid: `${uid}`, gid: `${gid}` } : {}) };
  return {
    ...header,
    type: type === "contiguous-file" ? "file" : type,
    name: below(root, header.name) + (type === "directory" ? "/" : ""),
    mode: mode | kind,
    ...(type === "link" ? { linkname: below(root, header.linkname ?? "") } : {}),
    pax: Object.keys(pax).length === 0 ? undefined : pax,
  };
}

function below(root: string, name: string): string {
  const steps = name.split("/").filter((step) => step !== "" && step !== ".");
  if (name.startsWith("/") || steps.includes("..")) throw new Error(`${JSON.stringify(name)} leads out of it`);
  return [root, ...steps].join("/");
}
