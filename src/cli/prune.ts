import { join } from "node:path";
import type { Config, EngineConfig } from "../config/config.ts";
import { openEngineOf } from "../connections.ts";
import type { Outcome } from "../core/operation.ts";
import { bytesText } from "../core/prune/prune.ts";
import { pruneView } from "../core/prune/report.ts";
import { readJournal } from "../files/journal-store.ts";
import { messageOf } from "../lib/errors.ts";
import { BackupEntry } from "../operations/backup-entry.ts";
import { JournalEntry } from "../operations/journal-entry.ts";
import { prune } from "../operations/prune.ts";
import { RestoreEntry } from "../operations/restore-entry.ts";
import { surroundingsOf } from "./surroundings.ts";
import { tableText } from "./table.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/**
 * `gangway prune`: what nobody needs any more on the engines' disks; with `--yes` it is removed. What a Gangway that runs
 * beside it needs for its operations is known from its journal.
 */
export async function pruneByHand(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  try {
    const outcomes: Outcome[] = [];
    for (const engine of config.engines) outcomes.push(await pruneOn(terminal, invocation, config, engine, signal));
    terminal.output.write(invocation.json ? jsonText(outcomes) : outcomes.map(outcomeText).join("\n"));
    if (!invocation.yes && !invocation.json && outcomes.some(hasSomething)) {
      terminal.output.write("Nothing was removed; --yes removes it.\n");
    }
    return outcomes.every(({ state }) => state === "done" || state === "unchanged") ? 0 : 1;
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

async function pruneOn(
  terminal: Terminal,
  { prune: wish, yes, logLevel }: Invocation,
  config: Config,
  engineConfig: EngineConfig,
  signal: AbortSignal,
): Promise<Outcome> {
  const surroundings = surroundingsOf(terminal, logLevel === undefined ? "error" : config.log.level);
  const { log, clock, ownContainerId } = surroundings;
  const engine = openEngineOf(engineConfig, surroundings);
  await engine.identify(signal);
  const directory = join(config.dataDir, "journal");
  const journal = { all: () => readJournal({ directory, schema: JournalEntry }) };
  const backupJournal = { all: () => readJournal({ directory: join(directory, "backups"), schema: BackupEntry }) };
  const restoreJournal = { all: () => readJournal({ directory: join(directory, "restores"), schema: RestoreEntry }) };
  const deps = { engine, journal, backupJournal, restoreJournal, ownContainerId, keep: config.prune.keep, clock, log };
  return await prune(deps, { kind: "prune", ...wish, ...(yes ? {} : { dryRun: true }) }, signal);
}

function hasSomething({ prune: report }: Outcome): boolean {
  return report !== undefined && report.removed.length > 0;
}

function jsonText(outcomes: readonly Outcome[]): string {
  const shown = outcomes.map(({ state, message, prune: report }) => {
    return { state, message, ...(report === undefined ? {} : pruneView(report)) };
  });
  return `${JSON.stringify(shown, null, 2)}\n`;
}

/** What goes, then what stays although it may look unused. */
function outcomeText({ message, prune: report }: Outcome): string {
  if (report === undefined) return `${message}\n`;
  const rows = [...report.removed, ...report.kept.filter(({ verdict }) => verdict === "keep")];
  if (rows.length === 0) return `${message}\n`;
  const table = tableText(
    ["NAME", "SIZE", "REMOVED", "WHY"],
    rows.map(({ name, bytes, verdict, reason }) => {
      const answer = verdict === "remove" ? "yes" : "no";
      return [name, bytes === null ? "?" : bytesText(bytes), answer, reason];
    }),
  );
  return `${table}${message}\n`;
}
