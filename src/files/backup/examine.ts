import { createHash, type Hash } from "node:crypto";
import type { z } from "zod";
import {
  type BackupManifest as Manifest,
  manifestName,
  type PartRecord,
  type BackupPlan as Plan,
  partsOf,
  pieceName,
  planName,
  rootOf,
} from "../../core/backup.ts";
import type { VerifiedBackup } from "../../core/vault.ts";
import { parseExact } from "../../lib/exact-json.ts";
import { createTarScanner, type TarMember, type TarScanner } from "../../lib/tar-scan.ts";
import { damaged, type Passage, passagesIn, type ReadOptions } from "./reader.ts";
import { BackupManifest, BackupPlan } from "./schema.ts";
import { sha256Of } from "./sink.ts";

/** Plans are some kilobytes; whoever has thousands of volumes has some megabytes. */
const longestText = 32 * 2 ** 20;

/**
 * Reads a backup from its first byte to its last. Resolves where everything is there once, in its order, and is what the
 * manifest says. Rejects with `backup_damaged` where it is not. Nothing of it is kept but the plan and the manifest.
 */
export async function verifyBackup(options: ReadOptions, signal: AbortSignal): Promise<VerifiedBackup> {
  const examiner = createExaminer();
  for await (const passage of passagesIn(options, signal)) examiner.take(passage);
  return examiner.verdict();
}

/** The plan of a backup, without reading what comes after it: nothing is proven of the rest. */
export async function planOf(options: ReadOptions, signal: AbortSignal): Promise<Plan> {
  const examiner = createExaminer();
  for await (const passage of passagesIn(options, signal)) {
    examiner.take(passage);
    const plan = examiner.plan();
    if (plan !== undefined) return plan;
  }
  throw damaged("it has no plan");
}

interface Examiner {
  readonly take: (passage: Passage) => void;
  readonly plan: () => Plan | undefined;
  readonly verdict: () => VerifiedBackup;
}

/** A part while it is read. */
interface Reading {
  readonly name: string;
  readonly hash: Hash;
  readonly scanner: TarScanner;
  pieces: number;
  bytes: number;
  entries: number;
}

function createExaminer(): Examiner {
  let plan: Plan | undefined;
  let manifest: Manifest | undefined;
  /** Of the plan or the manifest. */
  let text: Buffer[] | undefined;
  let reading: Reading | undefined;
  const found: PartRecord[] = [];

  const endReading = (): void => {
    if (reading === undefined) return;
    const { name, bytes, entries } = reading;
    reading.scanner.end();
    found.push({ name, bytes, sha256: reading.hash.digest("hex"), entries });
    reading = undefined;
  };
  const begin = ({ name, type, bytes }: TarMember): void => {
    if (type !== "file") throw damaged(`${name} in it is no plain file`);
    if (manifest !== undefined) throw damaged(`${name} stands behind the manifest`);
    if (name === (plan === undefined ? planName : manifestName)) {
      endReading();
      if (bytes > longestText) throw damaged(`${name} has ${bytes} bytes`);
      text = [];
      return;
    }
    if (plan === undefined) throw damaged(`it begins with ${name} in place of ${planName}`);
    if (reading !== undefined && name === pieceName(reading.name, reading.pieces)) {
      reading.pieces += 1;
      return;
    }
    endReading();
    const part = partsOf(plan)[found.length - 1];
    if (part === undefined || name !== pieceName(part, 0)) throw damaged(`${name} is not what comes there`);
    reading = readingOf(part);
  };
  const endText = (pieces: readonly Buffer[]): void => {
    const content = Buffer.concat(pieces);
    if (plan === undefined) {
      plan = parsed(planName, content, BackupPlan);
      found.push({ name: planName, bytes: content.length, sha256: sha256Of(content) });
    } else manifest = parsed(manifestName, content, BackupManifest);
  };

  return {
    take: (passage) => {
      switch (passage.kind) {
        case "member":
          begin(passage.member);
          break;
        case "content":
          if (text === undefined) note(reading, passage.piece);
          else text.push(Buffer.from(passage.piece));
          break;
        case "end_of_member":
          if (text !== undefined) endText(text);
          text = undefined;
          break;
        default:
          passage satisfies never;
      }
    },
    plan: () => plan,
    verdict: () => {
      if (plan === undefined) throw damaged("it is empty");
      if (manifest === undefined) throw damaged("it has no manifest: it is not whole");
      requireAsTold(plan, manifest, found);
      return { plan, manifest };
    },
  };
}

function note(reading: Reading | undefined, piece: Buffer): void {
  if (reading === undefined) return;
  reading.bytes += piece.length;
  reading.hash.update(piece);
  reading.scanner.write(piece);
}

function readingOf(part: string): Reading {
  const root = rootOf(part);
  const onMember = ({ name, type, linkName }: TarMember): void => {
    reading.entries += 1;
    if (reading.entries === 1 ? name !== root : !isInside(name, root)) throw damaged(`${name} is not of ${part}`);
    if (type === "link" && !isInside(linkName, root)) throw damaged(`${name} leads out of ${part}`);
  };
  const scanner = createTarScanner({ onMember }, (reason) => damaged(`${part} is no whole archive: ${reason}`));
  const reading: Reading = { name: part, hash: createHash("sha256"), scanner, pieces: 1, bytes: 0, entries: 0 };
  return reading;
}

/** Is it below the directory `root`, whatever way the name takes? */
function isInside(name: string, root: string): boolean {
  return name.startsWith(`${root}/`) && !name.split("/").includes("..");
}

function requireAsTold(plan: Plan, manifest: Manifest, found: readonly PartRecord[]): void {
  const wanted = [planName, ...partsOf(plan)];
  const told = manifest.parts.map(({ name }) => name);
  if (told.join("\n") !== wanted.join("\n")) throw damaged("its manifest speaks of other parts than its plan");
  if (manifest.container !== plan.container) throw damaged("its manifest speaks of another container than its plan");
  for (const [index, { name, bytes, sha256, entries }] of manifest.parts.entries()) {
    const part = found[index];
    if (part === undefined) throw damaged(`${name} is missing`);
    if (part.bytes !== bytes) throw damaged(`${name} has ${part.bytes} bytes, its manifest says ${bytes}`);
    if (part.sha256 !== sha256) throw damaged(`${name} is not what was backed up: its SHA-256 is another one`);
    if (part.entries !== entries) throw damaged(`${name} has another number of entries than its manifest says`);
  }
}

function parsed<Value>(name: string, content: Buffer, schema: z.ZodType<Value>): Value {
  let json: unknown;
  try {
    json = parseExact(content.toString("utf8"));
  } catch {
    throw damaged(`${name} is not JSON`);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const newer = (json as { readonly schema?: unknown } | null)?.schema;
  if (typeof newer === "number" && newer > 1) throw damaged(`a newer Gangway has written it (its schema is ${newer})`);
  throw damaged(`${name} does not hold what it should (${issue?.path.join(".") || "the whole"})`);
}
