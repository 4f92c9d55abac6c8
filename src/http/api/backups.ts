import { z } from "zod";
import type { BackupPlan } from "../../core/backup.ts";
import { backupNameFrom } from "../../core/backup-name.ts";
import type { ServedNode } from "../../core/doors.ts";
import type { Command } from "../../core/operation.ts";
import type { RestoreDecision } from "../../core/restore.ts";
import type { BackupFile } from "../../core/vault.ts";
import { isErrorWithCode, messageOf } from "../../lib/errors.ts";
import { type Answer, problem } from "./problem.ts";
import type { ApiSubject, Found } from "./subject.ts";
import { nodesNamed } from "./subject.ts";

type RestoreCommand = Extract<Command, { readonly kind: "restore" }>;

export const Backup = z
  .strictObject({
    node: z.string(),
    file: z.string(),
    container: z.string(),
    created_at: z.string(),
    compression: z.string(),
    bytes: z.int(),
  })
  .meta({ id: "Backup", description: "A backup of a container." });

export const RestorePreview = z
  .strictObject({
    node: z.string(),
    file: z.string(),
    container: z.string().meta({ description: "What was backed up." }),
    created_at: z.string(),
    image: z.string(),
    consistency: z.string(),
    volumes: z.array(z.string()),
    conflicts: z
      .array(z.string())
      .meta({ description: "What stands in the way of a restore; empty where nothing does." }),
    creates: z
      .strictObject({
        container: z.string(),
        volumes: z.array(z.string()),
        networks: z.array(z.string()),
        start: z.boolean(),
      })
      .nullable(),
    removes: z
      .strictObject({ container: z.string().nullable(), volumes: z.array(z.string()) })
      .nullable()
      .meta({ description: "What is backed up and removed before; null where nothing is." }),
    warnings: z.array(z.string()),
  })
  .meta({
    id: "RestorePreview",
    description: "What a restore of a backup would do. Nothing is proven of the file yet.",
  });

/** The backups of the nodes that are asked for, of one container or of all. */
export async function backupsAnswer(
  subject: ApiSubject,
  { node, container }: { readonly node?: string | undefined; readonly container?: string | undefined },
): Promise<Answer> {
  const found = nodesNamed(subject, node);
  if (found.kind === "problem") return found.answer;
  const lists = await Promise.all(
    found.thing.map(async (one) => (await one.backups.list()).map((file) => backupView(one, file))),
  );
  const backups = lists.flat().filter((backup) => container === undefined || backup.container === container);
  return { status: 200, body: { backups } };
}

/** The node that has a backup of this name: the one that was asked for, or the only one. */
export async function backupNamed(
  subject: ApiSubject,
  file: string,
  node: string | undefined,
): Promise<Found<{ readonly node: ServedNode; readonly container: string }>> {
  const nodes = nodesNamed(subject, node);
  if (nodes.kind === "problem") return nodes;
  const found: ServedNode[] = [];
  for (const one of nodes.thing) {
    if ((await one.backups.list()).some((backup) => backup.file === file)) found.push(one);
  }
  const [first, second] = found;
  const container = backupNameFrom(file)?.container;
  if (first === undefined || container === undefined) return { kind: "problem", answer: unknownBackup(file) };
  if (second === undefined) return { kind: "found", thing: { node: first, container } };
  const names = found.map((one) => one.name).join(", ");
  const detail = `Several engines have a backup "${file}": say which with ?node= (${names}).`;
  return { kind: "problem", answer: problem(409, "ambiguous_backup", detail) };
}

export async function previewAnswer(node: ServedNode, command: RestoreCommand, signal: AbortSignal): Promise<Answer> {
  try {
    const { backup, decision } = await node.backups.preview(command, signal);
    return { status: 200, body: previewView(node, command.file, backup, decision) };
  } catch (error) {
    return faultAnswer(command.file, error);
  }
}

export async function removalAnswer(node: ServedNode, file: string): Promise<Answer> {
  try {
    await node.backups.remove(file);
    return { status: 200, body: { file, removed: true } };
  } catch (error) {
    return faultAnswer(file, error);
  }
}

function faultAnswer(file: string, error: unknown): Answer {
  if (isErrorWithCode(error, "backup_not_found")) return unknownBackup(file);
  if (isErrorWithCode(error, "backup_damaged")) return problem(409, "backup_damaged", `${messageOf(error)}.`);
  if (isErrorWithCode(error, "backup_failed")) return problem(409, "backup_needed", `${messageOf(error)}.`);
  return problem(502, "engine_failed", `That could not be found out: ${messageOf(error)}`);
}

export function unknownBackup(file: string): Answer {
  return problem(404, "backup_not_found", `There is no backup "${file}".`);
}

/** A backup as lists show it. */
export function backupView({ name: node }: ServedNode, { file, container, createdAt, compression, bytes }: BackupFile) {
  return { node, file, container, created_at: createdAt, compression, bytes };
}

/** Without what may be secret: environment and labels. */
function previewView({ name: node }: ServedNode, file: string, backup: BackupPlan, decision: RestoreDecision): object {
  const plan = decision.kind === "plan" ? decision.plan : undefined;
  return {
    ...{ node, file, container: backup.container, created_at: backup.createdAt, image: backup.image.reference },
    consistency: backup.consistency,
    volumes: backup.volumes.map((volume) => volume.name),
    conflicts: decision.kind === "plan" ? [] : decision.conflicts,
    creates:
      plan === undefined
        ? null
        : {
            container: plan.container,
            volumes: plan.volumes.map(({ newName }) => newName),
            networks: plan.networks.map((network) => network.name),
            start: plan.start,
          },
    removes:
      plan?.replaces === undefined
        ? null
        : { container: plan.replaces.target === undefined ? null : plan.container, volumes: plan.replaces.volumes },
    warnings: plan === undefined ? backup.warnings : [...plan.warnings, ...(plan.replaces?.warnings ?? [])],
  };
}
