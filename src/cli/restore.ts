import type { Config } from "../config/config.ts";
import { openEngineOf } from "../connections.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import { previewRestore } from "../operations/restore.ts";
import { haltsDependencies } from "../procedures.ts";
import { restoreCommandFrom, restoreOptionsFrom } from "../requests/restore.ts";
import { tellEnd } from "./backup.ts";
import { backupPlaces } from "./backup-files.ts";
import { openBackupWork } from "./backup-work.ts";
import { progressLine } from "./progress-line.ts";
import { surroundingsOf } from "./surroundings.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** `gangway restore FILE`: makes a container anew from a backup, or says with `--dry-run` what that would create. */
export async function restore(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const { dryRun, restore: wish } = invocation;
  const [file = ""] = invocation.names;
  const line = progressLine(terminal);
  try {
    if (dryRun) return await preview(terminal, invocation, config, signal);
    await using work = await openBackupWork(terminal, invocation, config, line.show, signal);
    const ended = await work.restore(file, wish.name, restoreOptionsFrom(wish));
    line.clear();
    tellEnd(terminal, ended);
    return ended.isGood ? 0 : 1;
  } catch (error) {
    line.clear();
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

/** Nothing is proven of the file yet. 1 where something stands in the way. */
async function preview(
  terminal: Terminal,
  { names: [file = ""], restore: wish }: Invocation,
  config: Config,
  signal: AbortSignal,
): Promise<ExitCode> {
  const surroundings = surroundingsOf(terminal, "error");
  for (const { engine, node, vault } of await backupPlaces(config)) {
    const found = (await vault.list()).find((backup) => backup.file === file);
    if (found === undefined) continue;
    const command = restoreCommandFrom(file, found.container, wish);
    const { ownContainerId } = surroundings;
    const halts = haltsDependencies({ config, engineHost: engine.host, node: node ?? "", ownContainerId });
    const deps = { ...halts, engine: openEngineOf(engine, surroundings), vault };
    await deps.engine.identify(signal);
    const { decision } = await previewRestore(deps, command, signal);
    if (decision.kind === "conflicts") {
      for (const conflict of decision.conflicts) terminal.errors.write(`gangway: ${conflict}\n`);
      return 1;
    }
    const { container, volumes, networks, start, warnings, replaces } = decision.plan;
    const made = [
      `container ${container}${start ? ", which is started" : ", which is not started"}`,
      ...volumes.map(({ newName }) => `volume ${newName}`),
      ...networks.map((network) => `network ${network.name}`),
    ];
    const gone = [
      ...(replaces?.target === undefined ? [] : [`container ${container}`]),
      ...(replaces?.volumes ?? []).map((volume) => `volume ${volume}`),
    ];
    if (gone.length > 0) terminal.output.write(`In place of these, which are backed up before:\n${linesOf(gone)}`);
    terminal.output.write(`${file} would be restored to:\n${linesOf(made)}`);
    for (const warning of [...warnings, ...(replaces?.warnings ?? [])]) terminal.output.write(`${warning}\n`);
    terminal.output.write("Nothing was changed.\n");
    return 0;
  }
  throw new GangwayError("backup_not_found", `There is no backup ${file}; gangway backups lists them`);
}

function linesOf(things: readonly string[]): string {
  return things.map((thing) => `  ${thing}\n`).join("");
}
