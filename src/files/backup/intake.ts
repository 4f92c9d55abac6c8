import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Compression } from "../../core/backup.ts";
import { backupNameFrom, partialEnding } from "../../core/backup-name.ts";
import type { Received, Upload, VerifiedBackup } from "../../core/vault.ts";
import { ensureDirectory, flushDirectory } from "../directory.ts";
import { giveName } from "../give-name.ts";
import { verifyBackup } from "./examine.ts";
import { keepFresh } from "./keep-fresh.ts";
import type { Place } from "./place.ts";

/** Stays free whatever is uploaded: Gangway's own files may be on the same disk. */
const reserveBytes = 64 * 2 ** 20;
/** So often it is asked again how much is free. */
const askAfterBytes = 64 * 2 ** 20;
/** A backup that begins in the same second as another one has a name some seconds later. */
const longestDelayMs = 3_600_000;
const partialName = /^(?<file>.+)\.upload-(?<owner>[^/]*)\.partial$/;

/** Of a file that is being uploaded: what it is to be called, and for which node. */
export function uploadOf(name: string): { readonly file: string; readonly owner: string } | undefined {
  const { file, owner } = partialName.exec(name)?.groups ?? {};
  return file === undefined || owner === undefined ? undefined : { file, owner };
}

interface Intake extends Upload {
  readonly path: string;
  readonly compression: Compression;
}

/**
 * Writes an upload into a file of its own, proves it from its first byte to its last, and only then gives it its name.
 * What is in memory at a time is what the network gives. Whatever goes wrong, nothing of it stays.
 */
export async function receiveBackup(place: Place, intake: Intake, signal: AbortSignal): Promise<Received> {
  const { directory, owner, limits } = place;
  const { file, path, compression } = intake;
  const partial = `${file}.upload-${owner}${partialEnding}`;
  // Nothing is awaited between the look and the entry: two that come at once would share one file.
  if (place.open.has(partial)) return { kind: "exists" };
  place.open.add(partial);
  const part = join(directory, partial);
  using _ = keepFresh(part, limits.freshMs);
  try {
    await ensureDirectory(directory);
    if (await isTaken(directory, file)) return { kind: "exists" };
    // Of its own that nobody is bringing: the program was killed.
    await rm(part, { force: true });
    const refused = await write(place, part, intake, signal);
    if (refused !== undefined) return refused;
    const reason = mismatchOf(file, await verifyBackup({ path: part, compression }, signal));
    if (reason !== undefined) return { kind: "other_name", reason };
    // Another one may have got the name, or be about to, while this one came in.
    if ((await isTaken(directory, file)) || !(await giveName(part, path))) return { kind: "exists" };
    await flushDirectory(directory);
    const { size } = await stat(path);
    const name = backupNameFrom(file) ?? { container: "", createdAt: "", compression };
    return { kind: "received", backup: { ...name, file, bytes: size } };
  } finally {
    await rm(part, { force: true });
    place.open.delete(partial);
  }
}

/** Is there such a backup, or is one being made that will have this name? */
async function isTaken(directory: string, file: string): Promise<boolean> {
  const there = await readdir(directory);
  return there.includes(file) || there.includes(`${file}${partialEnding}`);
}

/** Why it is not taken in; undefined when all of it would survive a power cut. */
async function write(
  place: Place,
  path: string,
  { content, bytes: announced = 0, most }: Upload,
  signal: AbortSignal,
): Promise<Received | undefined> {
  const roomNow = async (): Promise<number> => (await place.freeBytes()) - reserveBytes;
  const noRoom = (bytes: number): Received => ({ kind: "no_room", free: Math.max(0, bytes) });
  if (announced > most) return { kind: "too_large" };
  let room = await roomNow();
  if (announced > room) return noRoom(room);
  await using handle = await open(path, "wx", 0o600);
  let bytes = 0;
  let askedAt = 0;
  for await (const piece of content) {
    signal.throwIfAborted();
    bytes += piece.length;
    room -= piece.length;
    if (bytes > most) return { kind: "too_large" };
    if (room < 0) return noRoom(room + bytes);
    await handle.writeFile(piece);
    // Others write to the disk as well.
    if (bytes - askedAt < askAfterBytes) continue;
    askedAt = bytes;
    room = await roomNow();
    if (room < 0) return noRoom(room + bytes);
  }
  signal.throwIfAborted();
  await handle.sync();
  return undefined;
}

/** A file under another's name would be restored as that one, and crowd out its backups. */
function mismatchOf(file: string, { plan }: VerifiedBackup): string | undefined {
  const name = backupNameFrom(file);
  if (name?.container !== plan.container) return `it is a backup of ${plan.container}`;
  const delay = Date.parse(name.createdAt) - Date.parse(plan.createdAt);
  return delay < -1_000 || delay > longestDelayMs ? `it was made at ${plan.createdAt}` : undefined;
}
