import { createHash } from "node:crypto";
import {
  type BackupManifest,
  type BackupPlan,
  backupSchema,
  manifestName,
  type PartRecord,
  pieceBytes,
  pieceName,
  planName,
} from "../../core/backup.ts";
import { GangwayError } from "../../lib/errors.ts";
import { stringifyExact } from "../../lib/exact-json.ts";
import { createTarScanner } from "../../lib/tar-scan.ts";
import { sha256Of, type TarSink } from "./sink.ts";

/** Writes a backup, member by member. */
export interface BackupWriter {
  readonly add: (part: string, content: AsyncIterable<Buffer>, onBytes: (bytes: number) => void) => Promise<PartRecord>;
  /** Writes the manifest and the end. */
  readonly end: () => Promise<BackupManifest>;
}

/** Begins with the plan. What is in memory at a time are two pieces of a part: one is filled while one is written. */
export async function writeBackup(sink: TarSink, plan: BackupPlan): Promise<BackupWriter> {
  const text = Buffer.from(`${stringifyExact(plan, 2)}\n`);
  await sink.member(planName, text);
  const parts: PartRecord[] = [{ name: planName, bytes: text.length, sha256: sha256Of(text) }];
  return {
    add: async (part, content, onBytes) => {
      const record = await addPart(sink, part, content, onBytes);
      parts.push(record);
      return record;
    },
    end: async () => {
      const { format, container, createdAt } = plan;
      const manifest: BackupManifest = { format, schema: backupSchema, container, createdAt, parts };
      await sink.member(manifestName, Buffer.from(`${stringifyExact(manifest, 2)}\n`));
      await sink.end();
      return manifest;
    },
  };
}

async function addPart(
  sink: TarSink,
  part: string,
  content: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): Promise<PartRecord> {
  const hash = createHash("sha256");
  let entries = 0;
  const scanner = createTarScanner(
    {
      onMember: () => {
        entries += 1;
      },
    },
    (reason) => new GangwayError("backup_failed", `What the engine gave of ${part} is no whole archive: ${reason}`),
  );
  let piece = Buffer.allocUnsafe(pieceBytes);
  let spare = Buffer.allocUnsafe(pieceBytes);
  let writing = Promise.resolve();
  let filled = 0;
  let written = 0;
  let pieces = 0;
  const flush = async (): Promise<void> => {
    await writing;
    const full = piece.subarray(0, filled);
    writing = sink.member(pieceName(part, pieces++), full);
    // Whoever waits for it next hears of it.
    writing.catch(() => {});
    [piece, spare] = [spare, piece];
    written += full.length;
    filled = 0;
    onBytes(written);
  };
  for await (const chunk of content) {
    scanner.write(chunk);
    hash.update(chunk);
    for (let rest = chunk; rest.length > 0; ) {
      const copied = rest.copy(piece, filled);
      filled += copied;
      rest = rest.subarray(copied);
      if (filled === piece.length) await flush();
    }
  }
  scanner.end();
  if (filled > 0) await flush();
  await writing;
  return { name: part, bytes: written, sha256: hash.digest("hex"), entries };
}
