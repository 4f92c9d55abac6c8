import type { Readable } from "node:stream";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { loadConfig } from "../config/load.ts";
import { problemText } from "../config/problems.ts";
import type { ConfigInput } from "../config/schema.ts";
import type { ReadFile } from "../config/source.ts";
import type { ProcessUsage } from "../core/doors.ts";
import { createLog, type Log, type LogLevel, type Secrets } from "../lib/log.ts";
import type { CommandLine } from "./command-line.ts";

interface Output {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
}

/** What a command may use of the process that it runs in. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Output;
  readonly errors: Output;
  readonly environment: Environment;
  readonly cwd: string;
  /** The user's number; absent where the system has none. */
  readonly user: number | undefined;
  /** The user's home directory. */
  readonly home: string;
  readonly readFile: ReadFile;
  readonly version: string;
  readonly secrets: Secrets;
  readonly usage: () => ProcessUsage;
}

export type Invocation = Extract<CommandLine, { readonly kind: "command" }>;

/** 0 clean end, 1 error, 2 bad configuration or arguments, 10 updates available. */
export type ExitCode = 0 | 1 | 2 | 10;

/** What the image sets: a container is reached from outside, and keeps its data in a volume. */
const imageDefaults: ConfigInput = { data_dir: "/data", http: { listen: "0.0.0.0:5000" } };

/** The configuration, or undefined after every problem with it was printed. */
export function configOrComplaint(terminal: Terminal, invocation: Invocation): Config | undefined {
  const { environment, cwd, readFile, secrets } = terminal;
  const loaded = loadConfig(
    { readFile, secrets },
    {
      commandLine: { config: invocation.config, logLevel: invocation.logLevel, dryRun: invocation.dryRun },
      environment,
      cwd,
      ...(invocation.image ? { imageDefaults } : {}),
    },
  );
  if (loaded.kind === "invalid") {
    for (const problem of loaded.problems) terminal.errors.write(`${problemText(problem)}\n`);
    const count = loaded.problems.length;
    terminal.errors.write(
      `gangway cannot start: ${count} ${count === 1 ? "problem" : "problems"} in the configuration\n`,
    );
    return undefined;
  }
  for (const { file, message } of loaded.warnings) terminal.errors.write(`${file}: ${message}\n`);
  return loaded.config;
}

/** The text of a file that the configuration names; that it can be read was checked with the configuration. */
export function fileReader({ readFile }: Terminal): (path: string) => string {
  return (path) => {
    const file = readFile(path);
    return file.kind === "text" ? file.text : "";
  };
}

export function logTo(output: Output, level: LogLevel, secrets: Secrets): Log {
  return createLog({ level, output, secrets });
}
