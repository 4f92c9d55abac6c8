import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { partsOf, rootOf } from "../core/backup.ts";
import { planMonkeyImport } from "../core/container-monkey.ts";
import { bytesText } from "../core/prune/prune.ts";
import { containerInspect } from "../docker/schema.ts";
import { lookIntoMonkeyBackup, monkeyPart } from "../files/backup/container-monkey.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import { type BackupPlace, backupPlaces } from "./backup-files.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/**
 * `gangway import FILE…`: makes backups of those of Container Monkey, in the backup directory; the files stay as they are.
 * 1 where not all of them could be taken.
 */
export async function importBackups(
  terminal: Terminal,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  let exitCode: ExitCode = 0;
  for (const name of invocation.names) {
    try {
      const place = await onlyPlace(config);
      terminal.output.write(`${await importOne(place, resolve(terminal.cwd, name), terminal.version, signal)}\n`);
    } catch (error) {
      exitCode = 1;
      terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    }
    if (signal.aborted) return 1;
  }
  return exitCode;
}

async function onlyPlace(config: Config): Promise<BackupPlace> {
  const [place, another] = await backupPlaces(config);
  if (place !== undefined && another === undefined) return place;
  const message = "There are several engines, each with backups of its own: use a --config with only one of them";
  throw new GangwayError("config_invalid", message);
}

/** Resolves to a sentence on what has become of it. */
async function importOne(
  { vault, node = "" }: BackupPlace,
  path: string,
  gangway: string,
  signal: AbortSignal,
): Promise<string> {
  const found = await lookIntoMonkeyBackup(path, (answer) => containerInspect.parse(answer), signal);
  const { plan, members } = planMonkeyImport(found, { node, gangway });
  const there = (await vault.list()).find(
    ({ container, createdAt }) => container === plan.container && createdAt === plan.createdAt,
  );
  if (there !== undefined) return `${path} is there already, as ${there.file}.`;
  await using draft = await vault.begin({ plan, compression: "zstd" }, signal);
  for (const part of partsOf(plan)) {
    await draft.add(part, monkeyPart(path, members.get(part) ?? "", rootOf(part), signal), () => {});
  }
  const { file, bytes } = await draft.finish();
  return [`${path} was taken in as ${file} (${bytesText(bytes)}).`, ...plan.warnings].join(" ");
}
