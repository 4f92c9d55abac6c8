import { createHash } from "node:crypto";
import { type BackupManifest, type PartRecord, planName } from "../../core/backup.ts";
import type { StoredPart } from "../../core/vault.ts";
import { damaged, type Passage, passagesIn, type ReadOptions } from "./reader.ts";

/** The parts of a backup that was verified, in one pass. */
export async function* partsIn(
  options: ReadOptions,
  { parts }: BackupManifest,
  signal: AbortSignal,
): AsyncGenerator<StoredPart, void, undefined> {
  const passages = passagesIn(options, signal);
  try {
    for (const part of parts) {
      if (part.name !== planName) yield { name: part.name, content: contentOf(passages, part) };
    }
  } finally {
    await passages.return();
  }
}

/** Passes over what comes before the part, and ends behind its last byte. */
async function* contentOf(
  passages: AsyncGenerator<Passage, void, undefined>,
  { name, bytes, sha256 }: PartRecord,
): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash("sha256");
  let isIn = false;
  let left = bytes;
  while (left > 0) {
    const { value: passage } = await passages.next();
    if (passage === undefined) throw damaged(`${name} is missing`);
    if (passage.kind === "member") isIn = passage.member.name.startsWith(`${name}.`);
    if (passage.kind !== "content" || !isIn) continue;
    hash.update(passage.piece);
    left -= passage.piece.length;
    yield passage.piece;
  }
  // Somebody may have changed the file since it was verified.
  if (left < 0 || hash.digest("hex") !== sha256) throw damaged(`${name} is not what was backed up`);
}
