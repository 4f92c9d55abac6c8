import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BackupPlan, Compression } from "../../core/backup.ts";
import { backupFileName, backupNameFrom, partialEnding } from "../../core/backup-name.ts";
import { networkFileFrom } from "../../core/network-file.ts";
import type { BackupDraft, BackupFile, BackupRequest, Vault } from "../../core/vault.ts";
import { GangwayError } from "../../lib/errors.ts";
import { within } from "../../lib/within.ts";
import { codeOf, ensureDirectory, flushDirectory } from "../directory.ts";
import { giveName } from "../give-name.ts";
import { openArchive } from "./archive.ts";
import { planOf, verifyBackup } from "./examine.ts";
import { receiveBackup, uploadOf } from "./intake.ts";
import { keepFresh } from "./keep-fresh.ts";
import { partsIn } from "./parts.ts";
import { freeBytesOf, type Place, type VaultLimits } from "./place.ts";
import type { ReadOptions } from "./reader.ts";
import { openSink } from "./sink.ts";
import { writeBackup } from "./writer.ts";

/** What was written to so long ago has nobody any more: another Gangway may share the directory. */
const abandonedMs = 600_000;

const usualLimits: VaultLimits = { idleMs: 60_000, closeMs: 10_000, freshMs: 60_000 };

/** The backups in `directory`, which is made when the first one is. `owner` is the node. */
export function openVault(directory: string, limits: VaultLimits = usualLimits, owner = "gangway"): Vault {
  const freeBytes = (): Promise<number> => freeBytesOf(directory);
  const place: Place = { directory, open: new Set(), limits, owner, freeBytes };
  const list = (): Promise<readonly BackupFile[]> => guarded(`read ${directory}`, () => listIn(directory));
  return {
    list,
    begin: (request, signal) => beginIn(place, request, signal),
    verify: async (file, onBytes, signal) => await verifyBackup({ ...optionsFor(directory, file), onBytes }, signal),
    planOf: async (file, signal) => await planOf(optionsFor(directory, file), signal),
    parts: (file, manifest, signal) => partsIn(optionsFor(directory, file), manifest, signal),
    remove: (file) =>
      guarded(`remove ${join(directory, file)}`, async () => {
        await rm(optionsFor(directory, file).path).catch((error: unknown) => {
          throw codeOf(error) === "ENOENT" ? notFound(file) : error;
        });
        await flushDirectory(directory);
      }),
    pathOf: async (file) => optionsFor(directory, file).path,
    archive: (files) =>
      guarded(`read ${directory}`, () => openArchive(files.map((file) => optionsFor(directory, file)))),
    receive: (upload, signal) =>
      guarded(
        `write into ${directory}`,
        async () => await receiveBackup(place, { ...upload, ...optionsFor(directory, upload.file) }, signal),
        signal,
      ),
    freeBytes: () => guarded(`look at the disk of ${directory}`, freeBytes),
    discard: (partial) => guarded(`remove ${partial}`, () => rm(partialIn(directory, partial), { force: true })),
    clear: () => guarded(`clear ${directory}`, () => clearIn(place)),
  };
}

/** Rejects with `backup_not_found` where it is no backup's name. */
function optionsFor(directory: string, file: string): ReadOptions {
  const name = backupNameFrom(file);
  if (name === undefined) throw notFound(file);
  return { path: join(directory, file), compression: name.compression };
}

function partialIn(directory: string, partial: string): string {
  if (!partial.endsWith(partialEnding)) throw notFound(partial);
  return join(directory, `${optionsFor("", partial.slice(0, -partialEnding.length)).path}${partialEnding}`);
}

function notFound(file: string): GangwayError {
  return new GangwayError("backup_not_found", `There is no backup ${JSON.stringify(file)}`);
}

async function beginIn(
  { directory, open, limits }: Place,
  { plan, compression, note }: BackupRequest,
  signal: AbortSignal,
): Promise<BackupDraft> {
  await guarded(`make ${directory}`, () => ensureDirectory(directory));
  const file = await freeName(directory, plan, compression);
  const partial = `${file}${partialEnding}`;
  const path = join(directory, partial);
  await note?.(partial);
  const writing = <Result>(act: () => Promise<Result>): Promise<Result> => guarded(`write ${path}`, act, signal);
  const modifiedAt = Date.parse(plan.createdAt);
  open.add(partial);
  const fresh = keepFresh(path, limits.freshMs);
  const forget = (): void => {
    fresh[Symbol.dispose]();
    open.delete(partial);
  };
  const sink = await writing(() => openSink(path, { compression, modifiedAt, limits }, signal)).catch(
    (error: unknown) => {
      forget();
      throw error;
    },
  );
  const close = async (): Promise<void> => {
    await sink.leave();
    const late = (): Error => new Error(`${path} could not be removed`);
    await within(rm(path, { force: true }), { ms: limits.closeMs, late }).catch(() => {});
    forget();
  };
  const writer = await writing(() => writeBackup(sink, plan)).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    add: (part, content, onBytes) => writing(() => writer.add(part, content, onBytes)),
    finish: async () => {
      await writing(() => writer.end());
      await writing(() => sink.close());
      const verified = await verifyBackup({ path, compression }, signal);
      return await writing(async () => {
        if (!(await giveName(path, join(directory, file)))) {
          throw new GangwayError("file_failed", `There is a file ${join(directory, file)} already`);
        }
        await flushDirectory(directory);
        const { size: bytes } = await stat(join(directory, file));
        return { ...verified, file, container: plan.container, createdAt: plan.createdAt, compression, bytes };
      });
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Two backups can begin in the same second. */
async function freeName(directory: string, { container, createdAt }: BackupPlan, compression: Compression) {
  const there = await guarded(`read ${directory}`, () => readdir(directory));
  const taken = new Set(there.flatMap((name) => [name, uploadOf(name)?.file ?? name]));
  for (let at = Date.parse(createdAt); ; at += 1_000) {
    const file = backupFileName(container, at, compression);
    if (file === undefined) throw new GangwayError("backup_failed", `${JSON.stringify(container)} is no file's name`);
    if (!taken.has(file) && !taken.has(`${file}${partialEnding}`)) return file;
  }
}

async function listIn(directory: string): Promise<readonly BackupFile[]> {
  const files: BackupFile[] = [];
  for (const file of await namesIn(directory)) {
    const name = backupNameFrom(file);
    // Somebody may be removing it.
    const found = name === undefined ? undefined : await stat(join(directory, file)).catch(() => undefined);
    if (name !== undefined && found?.isFile() === true) files.push({ ...name, file, bytes: found.size });
  }
  return files.sort((a, b) =>
    a.createdAt === b.createdAt ? (a.file < b.file ? -1 : 1) : a.createdAt < b.createdAt ? 1 : -1,
  );
}

/** None where there is no such directory yet. */
async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
}

async function clearIn({ directory, open, owner }: Place): Promise<void> {
  for (const file of await namesIn(directory)) {
    if (open.has(file)) continue;
    const owned = ownerOfPart(file);
    if (owned === undefined) continue;
    const written = await stat(join(directory, file)).catch(() => undefined);
    const isAbandoned = written !== undefined && Date.now() - written.mtimeMs > abandonedMs;
    // Its own upload that nobody is bringing: the program was killed.
    if (isAbandoned || owned.upload === owner) await rm(join(directory, file), { force: true });
  }
}

/** Of what is to become a backup, or a network's definition: for whom it is uploaded, if it is; else undefined. */
function ownerOfPart(file: string): { readonly upload: string | undefined } | undefined {
  const upload = uploadOf(file);
  const whole = upload?.file ?? (file.endsWith(partialEnding) ? file.slice(0, -partialEnding.length) : "");
  const definition = /^(?<whole>.+)\.\d+$/.exec(file)?.groups?.["whole"] ?? "";
  const isPart = backupNameFrom(whole) !== undefined || networkFileFrom(definition) !== undefined;
  return isPart ? { upload: upload?.owner } : undefined;
}

/** A file's failure in Gangway's terms. */
async function guarded<Result>(what: string, act: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof GangwayError) throw cause;
    if (signal?.aborted === true) throw new GangwayError("aborted", "the backup was aborted", { cause });
    const full = codeOf(cause) === "ENOSPC" ? "; there is no space left on the disk" : "";
    throw new GangwayError("file_failed", `Could not ${what}${full}`, { cause });
  }
}
