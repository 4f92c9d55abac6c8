#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import { helpText, parseCommandLine } from "./cli/command-line.ts";
import type { ExitCode, Invocation, Terminal } from "./cli/terminal.ts";
import { readFile } from "./config/source.ts";
import type { ProcessUsage } from "./core/doors.ts";
import { createSecrets } from "./lib/log.ts";

/** Each command is loaded only when it is asked for: `healthcheck` runs every half minute and needs next to nothing. */
async function execute(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  switch (invocation.command) {
    case "run":
      return await (await import("./cli/run.ts")).run(terminal, invocation, signal);
    case "check":
      if (invocation.suggest !== undefined) {
        return await (await import("./cli/suggest.ts")).suggest(terminal, invocation, invocation.suggest, signal);
      }
      return await (await import("./cli/check.ts")).check(terminal, invocation, signal);
    case "plan":
      return await (await import("./cli/plan.ts")).plan(terminal, invocation, signal);
    case "prune":
      return await (await import("./cli/prune.ts")).pruneByHand(terminal, invocation, signal);
    case "backup":
      return await (await import("./cli/backup.ts")).backup(terminal, invocation, signal);
    case "backups":
      return await (await import("./cli/backups.ts")).backups(terminal, invocation);
    case "restore":
      return await (await import("./cli/restore.ts")).restore(terminal, invocation, signal);
    case "import":
      return await (await import("./cli/import.ts")).importBackups(terminal, invocation, signal);
    case "config":
      return (await import("./cli/config.ts")).printConfig(terminal, invocation);
    case "purge":
      return await (await import("./cli/purge.ts")).purge(terminal, invocation, signal);
    case "finish":
      return await (await import("./cli/finish.ts")).finish(terminal, invocation, signal);
    case "hash-password":
      return await (await import("./cli/hash-password.ts")).printPasswordHash(terminal, signal);
    case "healthcheck":
      return await (await import("./cli/healthcheck.ts")).healthcheck(terminal, invocation, signal);
  }
}

function usage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  const { rss: residentBytes, heapUsed: heapUsedBytes } = process.memoryUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes, heapUsedBytes, startedAt: performance.timeOrigin / 1000 };
}

async function main(): Promise<ExitCode> {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  const commandLine = parseCommandLine(process.argv.slice(2));
  switch (commandLine.kind) {
    case "help":
      process.stdout.write(helpText(version));
      return 0;
    case "version":
      process.stdout.write(`gangway ${version}\n`);
      return 0;
    case "mistake":
      process.stderr.write(`gangway: ${commandLine.message} gangway --help shows what there is.\n`);
      return 2;
    case "command":
      break;
  }
  const stop = new AbortController();
  // Listeners that stay: write-file-atomic has its own for these signals, and ends the process when it is alone. Who asks
  // twice does not want to wait; the journal has what is left undone.
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => (stop.signal.aborted ? process.exit(1) : stop.abort()));
  }
  const terminal: Terminal = {
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    environment: process.env,
    cwd: process.cwd(),
    user: process.getuid?.(),
    home: homedir(),
    readFile,
    version,
    secrets: createSecrets(),
    usage,
  };
  return await execute(terminal, commandLine, stop.signal);
}

// What still keeps the process alive after `main` must not: everything that matters has been awaited.
process.exit(await main());
