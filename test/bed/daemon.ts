import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { programEnvironment, signalProcess } from "./programs.ts";
import { markOf } from "./traces.ts";

/** A process of the bed that runs beside the tests. */
export interface Daemon {
  readonly pid: number;
  /** Resolves when it has ended, however. */
  readonly exited: Promise<void>;
  readonly isRunning: () => boolean;
  /** Sends `signal`, to process `pid` if given, and waits for the end; after `graceMs` it is killed. */
  readonly end: (signal: NodeJS.Signals, graceMs: number, pid?: number) => Promise<void>;
  /** Everything that it has written to standard output and error. */
  readonly log: () => string;
}

export interface DaemonOptions {
  readonly directory: string;
  /** Names its log file in the bed's directory. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Starts a program that carries the bed's mark, in a session of its own: a Ctrl-C in the terminal is the tests' to
 * handle, not the engine's.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { directory, name, command, args } = options;
  const logFile = join(directory, `${name}.log`);
  await using output = await open(logFile, "a");
  const child = spawn(command, args, {
    detached: true,
    cwd: directory,
    env: programEnvironment(markOf(directory)),
    stdio: ["ignore", output.fd, output.fd],
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  await once(child, "spawn");
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    exited,
    isRunning,
    end: async (signal, graceMs, target = pid) => {
      if (!isRunning()) return;
      child.ref();
      signalProcess(target, signal);
      const timer = setTimeout(() => signalProcess(target, "SIGKILL"), graceMs);
      await exited;
      clearTimeout(timer);
    },
    log: () => readFileSync(logFile, "utf8"),
  };
}
